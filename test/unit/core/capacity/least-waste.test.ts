import { describe, expect, it } from 'vitest';
import { createLedger, type DeploymentLedger, enterBooking } from '../../../../src/core/capacity/deployment-ledger.ts';
import { findLeastWaste } from '../../../../src/core/capacity/least-waste.ts';
import { deployment, startMs } from './sample-pool.ts';

const limits = deployment({ tokensPerMinute: 60_000 });
const want = { tokens: 30_000, nowMs: startMs, toMs: startMs + 65_000, reserve: 0, share: 1 };

/** Half of the window in one call `agoMs` ago, the other half in 500 tokens a second. */
function halfAndHalf(agoMs: number): DeploymentLedger {
  const ledger = createLedger();
  enterBooking(ledger, { tokens: 30_000, sendAtMs: startMs - agoMs });
  for (let second = 0; second < 60; second += 1)
    enterBooking(ledger, { tokens: 500, sendAtMs: startMs - second * 1000 });
  return ledger;
}

describe('the moment that keeps the least room empty', () => {
  it('is now where there is room', () => {
    expect(findLeastWaste(createLedger(), limits, want)).toEqual({ atMs: startMs, tokenMs: 0 });
  });

  it('is when another big job leaves the window, and then it costs nothing', () => {
    const found = findLeastWaste(halfAndHalf(10_000), limits, want);
    expect(found?.atMs).toBe(startMs + 50_750);
    expect(found?.tokenMs).toBeLessThan(1000 * 1000);
  });

  it('is the first that has room where tokens come free one by one, and keeps half of them empty until then', () => {
    const ledger = createLedger();
    for (let second = 0; second < 60; second += 1)
      enterBooking(ledger, { tokens: 1000, sendAtMs: startMs - second * 1000 });
    const found = findLeastWaste(ledger, limits, want);
    expect(found?.atMs).toBeGreaterThan(startMs + 29_000);
    expect(found?.atMs).toBeLessThan(startMs + 32_000);
    expect((found?.tokenMs ?? 0) / want.tokens).toBeGreaterThan(13_000);
    expect((found?.tokenMs ?? 0) / want.tokens).toBeLessThan(17_000);
  });

  it('is none where the big job leaves the window too late', () => {
    expect(findLeastWaste(halfAndHalf(10_000), limits, { ...want, toMs: startMs + 40_000 })).toBeNull();
  });

  it('counts what is left free and what share of the limit is in force', () => {
    const half = findLeastWaste(createLedger(), limits, { ...want, tokens: 30_001, share: 0.5 });
    expect(half).toBeNull();
    expect(findLeastWaste(createLedger(), limits, { ...want, tokens: 59_500, reserve: 0.01 })).toBeNull();
  });
});
