import { describe, expect, it } from 'vitest';
import {
  countCall,
  hasRetryBudget,
  openRetryBudget,
  type RetryBudget,
} from '../../../../src/core/retry/retry-budget.ts';

function count(budget: RetryBudget, calls: number, isRetry: boolean, now: number): RetryBudget {
  let counted = budget;
  for (let call = 0; call < calls; call += 1) counted = countCall(counted, isRetry, now);
  return counted;
}

describe('the retry budget', () => {
  it('lets ten retries pass when there is little traffic', () => {
    const nine = count(countCall(openRetryBudget(0), false, 0), 9, true, 1000);
    expect(hasRetryBudget(nine, 1000)).toBe(true);
    expect(hasRetryBudget(countCall(nine, true, 1000), 1000)).toBe(false);
  });

  it('bounds extra calls to 10 % once traffic is high', () => {
    let budget = count(openRetryBudget(0), 1000, false, 500);
    let retries = 0;
    while (hasRetryBudget(budget, 600)) {
      budget = countCall(budget, true, 600);
      retries += 1;
    }
    expect(retries).toBe(100);
  });

  it('looks back over two windows and forgets what is older', () => {
    const spent = count(count(openRetryBudget(0), 200, false, 0), 20, true, 0);
    expect(hasRetryBudget(spent, 9999)).toBe(false);
    expect(hasRetryBudget(spent, 19_999)).toBe(false);
    expect(hasRetryBudget(spent, 20_000)).toBe(true);
    expect(hasRetryBudget(count(spent, 10, false, 12_000), 12_000)).toBe(true);
  });
});
