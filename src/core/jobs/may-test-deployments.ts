import type { LiveJob } from './live-job.ts';

/** Calls of a first round that may go to deployments on trial. */
const firstTests = 3;
const shortestRestMs = 60_000;
const longestRestMs = 600_000;

/**
 * Whether a job's next call may be the one that tests a deployment out of service. Each failed test uses up one of its calls:
 * after a round of them it waits for others, and for the probe timer, to test; longer after every further round, so that an outage
 * outlasts no job that has time.
 */
export function mayTestDeployments(live: LiveJob, nowMs: number): boolean {
  if (live.rounds === 0 && live.attempts.length < firstTests) return true;
  const last = live.attempts.at(-1);
  if (last === undefined) return true;
  const restMs = Math.min(longestRestMs, shortestRestMs * 2 ** Math.max(0, live.rounds - 1));
  return nowMs - (last.startedAtMs + last.latencyMs) >= restMs;
}
