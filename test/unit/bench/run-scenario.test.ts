import { describe, expect, it } from 'vitest';
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

describe('a scenario of the bench', () => {
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
