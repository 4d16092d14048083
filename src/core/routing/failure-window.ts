/** Good and bad calls of five seconds. */
export interface FailureBucket {
  readonly startMs: number;
  readonly good: number;
  readonly bad: number;
  /** Jobs whose calls were bad, the first eight: a job counts once, for what it asks may fail everywhere. */
  readonly jobs?: readonly string[];
}

/** A deployment's recent record. Plain data. */
export interface FailureRecord {
  /** Newest last; at most 30 s. */
  readonly buckets: readonly FailureBucket[];
  /** Failures in a row. */
  readonly streak: number;
  /** When the first failure of the streak was known. */
  readonly streakStartMs: number;
}

const bucketMs = 5000;
const windowMs = 30_000;
/** Failures in a row that are enough by themselves: the region is to be left within five. */
const longestStreak = 4;
/** Two jobs a second must be able to open it; a window of a hundred calls never would. */
const fewestCalls = 5;
const failureRatio = 0.5;

/** So many different jobs in five seconds are no single job's fault. */
const rememberedJobs = 8;

/** A clean record. */
export const noFailures: FailureRecord = { buckets: [], streak: 0, streakStartMs: 0 };

/**
 * The record after one more call; a job's further bad calls of 30 s change nothing. A success ends the streak only if it was sent after the streak began: answers to
 * calls from before the outage say nothing about now.
 */
export function addCall(
  record: FailureRecord,
  call: { isGood: boolean; sentAtMs: number; job: string },
  now: number,
): FailureRecord {
  const startMs = now - (now % bucketMs);
  const isKnown =
    !call.isGood && record.buckets.some(({ startMs, jobs }) => startMs > now - windowMs && jobs?.includes(call.job));
  if (isKnown) return record;
  const kept = record.buckets.filter((bucket) => bucket.startMs > startMs - windowMs && bucket.startMs < startMs);
  const last = record.buckets.find((bucket) => bucket.startMs === startMs) ?? { startMs, good: 0, bad: 0 };
  const bucket = call.isGood
    ? { ...last, good: last.good + 1 }
    : { ...last, bad: last.bad + 1, jobs: [...(last.jobs ?? []), call.job].slice(0, rememberedJobs) };
  const buckets = [...kept, bucket];
  if (!call.isGood) {
    return { buckets, streak: record.streak + 1, streakStartMs: record.streak === 0 ? now : record.streakStartMs };
  }
  return call.sentAtMs >= record.streakStartMs ? { buckets, streak: 0, streakStartMs: 0 } : { ...record, buckets };
}

/** Whether the record is bad enough to leave the deployment: four in a row, or half of at least five calls in 30 s. */
export function isFailing(record: FailureRecord): boolean {
  const good = record.buckets.reduce((sum, bucket) => sum + bucket.good, 0);
  const bad = record.buckets.reduce((sum, bucket) => sum + bucket.bad, 0);
  return record.streak >= longestStreak || (good + bad >= fewestCalls && bad / (good + bad) >= failureRatio);
}
