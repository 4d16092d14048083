import { describe, expect, it } from 'vitest';
import { RowTime } from '../../../../src/core/capacity/row-time.ts';

describe("the row's time", () => {
  it('is the clock until a write has told more', () => {
    const time = new RowTime();
    time.learn(null, 100, 120);
    expect(time.toRow(1000)).toBe(1000);
  });

  it.each([5000, -5000, 180])('comes within a round trip of the store for a clock that is %i ms off', (skewMs) => {
    const time = new RowTime();
    // The store writes 8 ms after it was asked and is heard 12 ms later.
    time.learn(1_000_008, 1_000_000 + skewMs, 1_000_020 + skewMs);
    expect(Math.abs(time.toRow(1_000_000 + skewMs) - 1_000_000)).toBeLessThanOrEqual(20);
    expect(time.toClock(time.toRow(42))).toBe(42);
  });

  it('stays where it is while answers agree with it, and follows a clock that jumps back', () => {
    const time = new RowTime();
    time.learn(1_000_008, 1_000_000, 1_000_020);
    expect(time.offsetMs).toBe(0);
    time.learn(1_001_010, 998_000, 998_020);
    expect(time.offsetMs).toBe(2990);
  });

  it('ignores an answer that came before it was asked for', () => {
    const time = new RowTime();
    time.learn(5000, 100, 50);
    expect(time.offsetMs).toBe(0);
  });
});
