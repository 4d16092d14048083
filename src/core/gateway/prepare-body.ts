import { parseJson } from '../http/parse-json.ts';
import type { Job } from '../jobs/job.ts';
import { imposeOutputCap } from '../tokens/impose-output-cap.ts';
import type { Ports } from './ports.ts';

/** The body as the caller sent it. Null: its content is missing or damaged. */
export async function readBody(ports: Ports, job: Job): Promise<Readonly<Record<string, unknown>> | null> {
  const reading = await ports.contents.read(job.request);
  if (reading.outcome !== 'read') return null;
  const parsed = parseJson(reading.text);
  if (parsed.outcome !== 'parsed' || typeof parsed.value !== 'object' || parsed.value === null) return null;
  return { ...parsed.value };
}

/**
 * The body with the output cap that was booked for this run, in the field that `job.model` knows: of a call to the fallback, that
 * model's. The caller's own cap stands.
 */
export function withImposedCap(job: Job, body: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const cap = job.estimate.imposedOutputCap;
  return cap === null ? body : imposeOutputCap(job.endpoint, job.model, body, cap);
}
