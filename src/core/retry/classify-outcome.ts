import type { Endpoint } from '../jobs/job.ts';
import type { UpstreamOutcome } from '../routing/upstream.ts';
import type { Classification } from './classification.ts';
import { classifyAnswer } from './classify-answer.ts';
import { classifyFault } from './classify-fault.ts';
import { classifyRefusal } from './classify-refusal.ts';

/**
 * Judges one call, once: everything later (retry, billing, health, the job's error) reads the result.
 * A status of 400 and above decides by itself, even if its body never came.
 */
export function classifyOutcome(endpoint: Endpoint, outcome: UpstreamOutcome, now: number): Classification {
  if (outcome.kind === 'unanswered') {
    if (outcome.fault === 'aborted' || outcome.statusCode === null || outcome.statusCode < 300)
      return classifyFault(outcome);
    return classifyRefusal({ statusCode: outcome.statusCode, headers: {}, body: null }, now);
  }
  const spilloverFrom = readSpillover(outcome.headers);
  return outcome.statusCode >= 200 && outcome.statusCode < 300
    ? { ...classifyAnswer(endpoint, outcome.statusCode, outcome.body), spilloverFrom }
    : { ...classifyRefusal(outcome, now), spilloverFrom };
}

/** `x-ms-spillover-from-<deployment>` tells which provisioned deployment passed the call on. */
function readSpillover(headers: Readonly<Record<string, string>>): string | null {
  const prefix = 'x-ms-spillover-from-';
  return (
    Object.keys(headers)
      .find((name) => name.startsWith(prefix))
      ?.slice(prefix.length) ?? null
  );
}
