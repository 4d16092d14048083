/** First calls and extra calls of the present window and of the one before. Plain data; one per process. */
export interface RetryBudget {
  readonly windowStartMs: number;
  readonly calls: number;
  readonly retries: number;
  readonly previousCalls: number;
  readonly previousRetries: number;
}

/** Half of the time over which the budget looks back. */
export const budgetWindowMs = 10_000;
/** Extra calls per first call once traffic is high (the SRE book's 10 %). */
export const budgetRatio = 0.1;
/** Extra calls per look-back that are always free, over all processes: with little traffic a ratio would forbid the first retry. */
export const freeRetries = 10;

/** A budget nothing was spent of. */
export function openRetryBudget(now: number): RetryBudget {
  return { windowStartMs: now, calls: 0, retries: 0, previousCalls: 0, previousRetries: 0 };
}

/** Counts a job's first call, or an extra one (`isRetry`). */
export function countCall(budget: RetryBudget, isRetry: boolean, now: number): RetryBudget {
  const turned = turnWindow(budget, now);
  return isRetry ? { ...turned, retries: turned.retries + 1 } : { ...turned, calls: turned.calls + 1 };
}

/**
 * Whether one more extra call stays within the free ones or 10 % of the first calls of the last 10–20 s. `share` is this process's
 * part of all calls, above 0 to 1: it has that part of the free ones, and one at least.
 */
export function hasRetryBudget(budget: RetryBudget, now: number, share = 1): boolean {
  const { calls, previousCalls, retries, previousRetries } = turnWindow(budget, now);
  const free = Math.max(1, Math.round(freeRetries * share));
  return retries + previousRetries + 1 <= Math.max(free, budgetRatio * (calls + previousCalls));
}

function turnWindow(budget: RetryBudget, now: number): RetryBudget {
  const passed = Math.floor((now - budget.windowStartMs) / budgetWindowMs);
  if (passed < 1) return budget;
  const windowStartMs = budget.windowStartMs + passed * budgetWindowMs;
  const [previousCalls, previousRetries] = passed === 1 ? [budget.calls, budget.retries] : [0, 0];
  return { windowStartMs, calls: 0, retries: 0, previousCalls, previousRetries };
}
