import { describe, expect, it } from 'vitest';
import { ExtraCalls } from '../../../../src/core/gateway/extra-calls.ts';
import {
  countCall,
  hasRetryBudget,
  openRetryBudget,
  type RetryBudget,
} from '../../../../src/core/retry/retry-budget.ts';
import { createRandom } from '../../../../tools/simulator/seeded-random.ts';

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

  it.each([
    [8, 5],
    [40, 20],
  ])(
    'holds for a fleet of %d processes at %d jobs a second whose calls fail in 30 percent',
    (processes, jobsPerSecond) => {
      const random = createRandom(1);
      let now = 0;
      const fleet = Array.from({ length: processes }, () => new ExtraCalls({ now: () => now, sleep: async () => {} }));
      const sent: number[] = [];
      const [seconds, warmSeconds] = [300, 60];
      let [jobs, calls] = [0, 0];
      for (; now < seconds * 1000; now += 1000 / jobsPerSecond) {
        const process = fleet[Math.floor(random() * processes)];
        if (process === undefined) continue;
        const isMeasured = now > warmSeconds * 1000;
        if (isMeasured) jobs += 1;
        for (
          let call = 0;
          call === 0 || process.hasRoom(sent.filter((atMs) => atMs > now - 60_000).length);
          call += 1
        ) {
          process.count(call > 0);
          sent.push(now);
          if (isMeasured) calls += 1;
          if (random() >= 0.3) break;
        }
      }
      expect(calls / jobs).toBeLessThan(1.15);
      expect(calls / jobs).toBeGreaterThan(1.05);
    },
  );
});
