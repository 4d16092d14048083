import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chargeWindow,
  createWindowLog,
  msUntilEmpty,
  msUntilFits,
  sumWindow,
} from '../../../../tools/simulator/window-log.ts';

describe('a sliding window', () => {
  it('counts a charge for exactly its length', () => {
    const log = createWindowLog('sliding', 60_000);
    chargeWindow(log, 5, 1000);
    expect(sumWindow(log, 60_999)).toBe(5);
    expect(sumWindow(log, 61_000)).toBe(0);
  });

  it('tells the first moment at which enough has aged, and that moment fits', () => {
    const log = createWindowLog('sliding', 60_000);
    chargeWindow(log, 40, 0);
    chargeWindow(log, 40, 10_000);
    expect(msUntilFits(log, 60, 100, 20_000)).toBe(40_000);
    expect(msUntilFits(log, 61, 100, 20_000)).toBe(50_000);
    expect(msUntilFits(log, 20, 100, 20_000)).toBe(0);
    expect(msUntilFits(log, 60, 100, 60_000)).toBe(0);
  });

  it('never fits more than the limit itself', () => {
    expect(msUntilFits(createWindowLog('sliding', 1000), 101, 100, 0)).toBeNull();
  });

  it('keeps its sum equal to a sum over all charges, and stays small', () => {
    const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 900 }), fc.integer({ min: 0, max: 50 })), {
      maxLength: 400,
    });
    fc.assert(
      fc.property(steps, (charges) => {
        const log = createWindowLog('sliding', 10_000);
        const all: [number, number][] = [];
        let now = 0;
        for (const [gap, amount] of charges) {
          now += gap;
          chargeWindow(log, amount, now);
          all.push([now, amount]);
          const expected = all.filter(([at]) => at > now - 10_000).reduce((sum, [, one]) => sum + one, 0);
          expect(sumWindow(log, now)).toBe(expected);
        }
      }),
    );
  });

  it('forgets what is past: a million charges leave at most its length in memory', () => {
    const log = createWindowLog('sliding', 1000);
    for (let now = 0; now < 200_000; now += 1) {
      chargeWindow(log, 1, now);
      sumWindow(log, now);
    }
    expect(log.times.length).toBeLessThan(5000);
  });
});

describe('a fixed window', () => {
  it('forgets everything at the turn of its period', () => {
    const log = createWindowLog('fixed', 60_000);
    chargeWindow(log, 100, 59_999);
    expect(msUntilFits(log, 1, 100, 59_999)).toBe(1);
    expect(sumWindow(log, 60_000)).toBe(0);
  });

  it('tells when it is empty', () => {
    const log = createWindowLog('fixed', 60_000);
    expect(msUntilEmpty(log, 10)).toBe(0);
    chargeWindow(log, 1, 45_000);
    expect(msUntilEmpty(log, 45_000)).toBe(15_000);
  });
});
