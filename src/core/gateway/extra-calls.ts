import type { Clock } from '../clock.ts';
import { countCall, hasRetryBudget, openRetryBudget, type RetryBudget } from '../retry/retry-budget.ts';

const bucketMs = 10_000;
const bucketsOfMinute = 6;

/** This process's retry budget: first calls and extra calls of the last seconds, and its calls of the last minute. */
export class ExtraCalls {
  readonly #clock: Clock;
  #budget: RetryBudget;
  /** Calls by the ten seconds in which they were made, oldest first. */
  #made: { readonly bucket: number; readonly calls: number }[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#budget = openRetryBudget(clock.now());
  }

  /** Counts one upstream call; `isExtra` for every call of a job but its first. */
  count(isExtra: boolean): void {
    const now = this.#clock.now();
    this.#budget = countCall(this.#budget, isExtra, now);
    const bucket = Math.floor(now / bucketMs);
    const calls = (this.#made.find((each) => each.bucket === bucket)?.calls ?? 0) + 1;
    const before = this.#made.filter((each) => each.bucket < bucket && each.bucket > bucket - bucketsOfMinute);
    this.#made = [...before, { bucket, calls }];
  }

  /**
   * Whether one more extra call stays within the budget. `allCallsLastMinute` is what all processes have sent, as far as it is known: the
   * free extra calls are shared among them.
   */
  hasRoom(allCallsLastMinute: number | null): boolean {
    const now = this.#clock.now();
    const bucket = Math.floor(now / bucketMs);
    const own = this.#made
      .filter((each) => each.bucket > bucket - bucketsOfMinute)
      .reduce((sum, { calls }) => sum + calls, 0);
    const share = allCallsLastMinute === null ? 1 : Math.min(1, own / Math.max(1, allCallsLastMinute));
    return hasRetryBudget(this.#budget, now, share);
  }
}
