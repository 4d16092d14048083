import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  chargeRing,
  createRing,
  deploymentRing,
  findRoom,
  forgetBefore,
  fullestFrom,
  sumRing,
} from '../../../../src/core/capacity/token-ring.ts';
import { startMs } from './sample-pool.ts';

const limit = { tokens: 1000, requests: Number.POSITIVE_INFINITY };
const job = fc.record({
  tokens: fc.integer({ min: 1, max: 1000 }),
  laterMs: fc.integer({ min: 0, max: 9000 }),
  aheadMs: fc.integer({ min: 0, max: 70_000 }),
});

/** The most tokens in any window of `lengthMs`, found the slow way. */
function most(sends: readonly { atMs: number; tokens: number }[], lengthMs: number): number {
  return Math.max(
    0,
    ...sends.map(({ atMs }) =>
      sends
        .filter((other) => other.atMs > atMs - lengthMs && other.atMs <= atMs)
        .reduce((sum, { tokens }) => sum + tokens, 0),
    ),
  );
}

describe('the ring', () => {
  it('never lets any 60 seconds exceed the limit, wherever in time jobs are booked, clocks half a second apart', () => {
    fc.assert(
      fc.property(fc.array(job, { maxLength: 60 }), (jobs) => {
        const ring = createRing();
        const sends: { atMs: number; tokens: number }[] = [];
        let nowMs = startMs;
        for (const { tokens, laterMs, aheadMs } of jobs) {
          nowMs += laterMs;
          forgetBefore(deploymentRing, ring, nowMs);
          const fromMs = nowMs + aheadMs;
          const charge = { tokens, requests: 1 };
          const atMs = findRoom(deploymentRing, ring, { charge, limit, fromMs, toMs: fromMs + 65_000 });
          if (atMs === null) continue;
          expect(atMs).toBeGreaterThanOrEqual(fromMs);
          chargeRing(deploymentRing, ring, charge, atMs);
          sends.push({ atMs, tokens });
        }
        expect(most(sends, 60_500)).toBeLessThanOrEqual(limit.tokens);
      }),
    );
  });

  it('finds the first moment at which a full window has room again', () => {
    const ring = createRing();
    chargeRing(deploymentRing, ring, { tokens: 1000, requests: 1 }, startMs);
    const atMs = findRoom(deploymentRing, ring, {
      charge: { tokens: 1, requests: 1 },
      limit,
      fromMs: startMs,
      toMs: startMs + 65_000,
    });
    expect(atMs).toBe(startMs + 60_750);
  });

  it('keeps clear of what is booked later in the same window', () => {
    const ring = createRing();
    chargeRing(deploymentRing, ring, { tokens: 700, requests: 1 }, startMs + 30_000);
    const want = { charge: { tokens: 400, requests: 1 }, limit, fromMs: startMs, toMs: startMs + 20_000 };
    expect(findRoom(deploymentRing, ring, want)).toBeNull();
    expect(findRoom(deploymentRing, ring, { ...want, charge: { tokens: 300, requests: 1 } })).toBe(startMs);
  });

  it('has no room ever for what is larger than the limit', () => {
    const want = { charge: { tokens: 1001, requests: 1 }, limit, fromMs: startMs, toMs: startMs + 120_000 };
    expect(findRoom(deploymentRing, createRing(), want)).toBeNull();
  });

  it('gives back to a bucket, never below zero, and remembers what a clock that jumps back can still see', () => {
    const ring = createRing();
    chargeRing(deploymentRing, ring, { tokens: 500, requests: 1 }, startMs);
    forgetBefore(deploymentRing, ring, startMs + 65_000);
    expect(sumRing(deploymentRing, ring, startMs + 59_000).tokens).toBe(500);
    chargeRing(deploymentRing, ring, { tokens: -600, requests: -2 }, startMs);
    expect(sumRing(deploymentRing, ring, startMs)).toEqual({ tokens: 0, requests: 0 });
  });

  it('tells the fullest window of the next minute, bucket by bucket', () => {
    fc.assert(
      fc.property(fc.array(job, { maxLength: 40 }), (jobs) => {
        const ring = createRing();
        for (const { tokens, laterMs, aheadMs } of jobs) {
          chargeRing(deploymentRing, ring, { tokens, requests: 1 }, startMs - 60_000 + aheadMs + laterMs);
        }
        const fullest = fullestFrom(deploymentRing, ring, startMs, 243);
        const endOf = (bucket: number) => startMs + bucket * deploymentRing.bucketMs;
        for (const bucket of [0, 1, 100, 242, 243]) {
          const later = Array.from({ length: 400 - bucket }, (_, more) => endOf(bucket + more));
          const sums = later.map((atMs) => sumRing(deploymentRing, ring, atMs).tokens);
          expect(fullest[bucket]).toBe(Math.max(...sums));
        }
      }),
      { numRuns: 20 },
    );
  });
});
