import type { Clock } from '../clock.ts';
import { countCall, hasRetryBudget, openRetryBudget, type RetryBudget } from '../retry/retry-budget.ts';

/** This process's retry budget: first calls and extra calls of the last seconds. */
export class ExtraCalls {
  readonly #clock: Clock;
  #budget: RetryBudget;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#budget = openRetryBudget(clock.now());
  }

  /** Counts one upstream call; `isExtra` for every call of a job but its first. */
  count(isExtra: boolean): void {
    this.#budget = countCall(this.#budget, isExtra, this.#clock.now());
  }

  /** Whether one more extra call stays within the budget. */
  get hasRoom(): boolean {
    return hasRetryBudget(this.#budget, this.#clock.now());
  }
}
