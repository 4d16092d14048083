import { describe, expect, it } from 'vitest';
import { isMet, worstOf } from '../../../bench/capacity/check.ts';
import { runScenario } from '../../../bench/capacity/run-scenario.ts';
import { scenario } from '../../../bench/capacity/scenario.ts';

const small = scenario('small', {
  seconds: 150,
  workers: 4,
  streams: [
    { lane: 'bulk', team: 'apps', standing: 300, perSecond: 5 },
    { lane: 'interactive', team: 'apps', perSecond: 1 },
  ],
});

// Minutes of eight workers: seconds of computing, many more on a busy machine.
const patienceMs = 120_000;

describe('a scenario of the bench', { timeout: patienceMs }, () => {
  it('keeps the quota full without exceeding it, and interactive work out of the line', async () => {
    const figures = await runScenario(small);
    expect(figures.peakShare).toBeLessThanOrEqual(1.0001);
    expect(figures.throttledPerJob).toBe(0);
    expect(figures.utilisation).toBeGreaterThan(0.95);
    expect(figures.waits['interactive']?.p95).toBeLessThan(4);
  });

  it('gives the same figures for the same seed and others for another', async () => {
    const [first, again, other] = [
      await runScenario(small),
      await runScenario(small),
      await runScenario({ ...small, seed: 7 }),
    ];
    expect({ ...again, realMs: 0 }).toEqual({ ...first, realMs: 0 });
    expect(other.waits['bulk']).not.toEqual(first.waits['bulk']);
  });
});

describe('a check of the bench', () => {
  const check = { figure: 'wait', is: 'at most', goal: 4, instead: null } as const;

  it('judges the worst of several seeds, and a figure that could not be taken as missed', () => {
    const worst = worstOf([3, 5, 4].map((value) => ({ ...check, value })));
    expect(worst?.value).toBe(5);
    expect(worst !== undefined && isMet(worst)).toBe(false);
    expect(isMet({ ...check, value: 4 })).toBe(true);
    expect(isMet({ ...check, value: Number.NaN })).toBe(false);
    expect(worstOf([Number.NaN, 3].map((value) => ({ ...check, value })))?.value).toBeNaN();
    expect(worstOf([0.9, 0.8].map((value) => ({ ...check, is: 'at least' as const, value })))?.value).toBe(0.8);
  });
});
