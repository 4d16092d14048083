import { expectedLatencyMs, type Latency } from './latency.ts';

/** Reasons of calls that were sent and brought nothing: the deployment may swallow whatever it gets. */
const silentReasons: readonly unknown[] = ['first_byte_timeout', 'total_timeout'];

/** Whether a breaker's reason is silence. Users' work is no test of such a deployment: it would wait for a time limit and be billed. */
export function isSilence(reason: string | null): boolean {
  return silentReasons.includes(reason);
}

/** No call is suspected sooner, however short its answer. */
export const leastSuspicionMs = 2000;
const mostSuspicionMs = 20_000;
/** Estimates are what an answer may have at most; few answers have half of it. */
const usualPart = 0.5;

/**
 * How long a call may be under way before its deployment is asked for a sign of life: half of what an answer of its estimated length
 * takes there, so that long texts are given their time; between 2 and 20 s. A wrong suspicion costs one cheap call and ejects nobody.
 */
export function suspicionMs(latency: Latency, outputTokens: number): number {
  const expectedMs = expectedLatencyMs(latency, outputTokens) * usualPart;
  return Math.min(mostSuspicionMs, Math.max(leastSuspicionMs, expectedMs));
}

const leastPatienceMs = 2000;
const mostPatienceMs = 6000;
/** A cheap call that takes this many times as long as first bytes usually do has shown what was to be shown. */
const patienceFactor = 4;

/**
 * How long a sign of life may take, in whole ms as a time limit must be: four times the longest usual first byte of the pool, between 2 and
 * 6 s; 6 s when none is known. The deployment's own counts as well: a far region is not silent.
 */
export function patienceMs(firstBytesMs: readonly (number | null)[]): number {
  const known = firstBytesMs.filter((firstByteMs) => firstByteMs !== null);
  if (known.length === 0) return mostPatienceMs;
  const longestMs = Math.round(Math.max(...known) * patienceFactor);
  return Math.min(mostPatienceMs, Math.max(leastPatienceMs, longestMs));
}
