import type { UsageRow } from '../cost/usage-row.ts';
import { parseJson } from '../http/parse-json.ts';
import type { Attempt } from '../jobs/attempt.ts';
import type { Content } from '../jobs/content.ts';
import type { Job, JobResponse } from '../jobs/job.ts';
import type { Billed, LiveJob } from '../jobs/live-job.ts';
import type { Billing } from '../retry/classification.ts';
import { readUsage } from '../retry/read-usage.ts';
import type { Ports } from './ports.ts';
import { priceAttempt } from './price-attempt.ts';
import { usageRowOf } from './usage-row-of.ts';

/** What a kept body is. A refusal never passes for the answer, should its worker be lost before the commit. */
export type ContentPart = 'answer' | 'refusal';

const nameOf = (part: ContentPart, attempt: number) => `${part}-${attempt}`;

/** Keeps what an attempt brought; a long text becomes a blob under the attempt's own name before the row says anything of it. */
export function keepContent(
  ports: Ports,
  job: Job,
  part: ContentPart,
  attempt: number,
  text: string,
): Promise<Content> {
  return ports.contents.keep(job.team, job.id, nameOf(part, attempt), text);
}

/** An answer that a lost worker had stored but not committed. */
export interface RecoveredAnswer {
  readonly response: JobResponse;
  readonly attempt: Attempt;
  readonly billed: Billed;
  readonly usageRow: UsageRow;
}

/** Looks for the lost attempt's stored answer, so that the model is not called and paid twice. Null when there is none. */
export async function recoverAnswer(ports: Ports, job: Job, live: LiveJob): Promise<RecoveredAnswer | null> {
  if (live.intent === null) return null;
  const content = await ports.contents.find(job.team, job.id, nameOf('answer', live.attempt));
  if (content === null) return null;
  const reading = await ports.contents.read(content);
  if (reading.outcome !== 'read') return null;
  const parsed = parseJson(reading.text);
  if (parsed.outcome !== 'parsed') return null;
  const usage = readUsage(job.endpoint, parsed.value);
  const billing: Billing = usage === null ? { kind: 'estimated', part: 'all' } : { kind: 'measured', usage };
  const { model = job.model } = live.intent;
  const billed = priceAttempt(ports, { ...job, model }, live.intent.deployment, billing);
  const attempt: Attempt = {
    number: live.attempt,
    deployment: live.intent.deployment,
    region: live.intent.region,
    ...(model === job.model ? {} : { model }),
    statusCode: 200,
    startedAtMs: live.intent.startedAtMs,
    latencyMs: Math.max(0, ports.clock.now() - live.intent.startedAtMs),
    outcome: 'succeeded',
    reason: null,
  };
  return {
    response: { statusCode: 200, requestId: null, body: content },
    attempt,
    billed,
    usageRow: usageRowOf(job, attempt, billed),
  };
}
