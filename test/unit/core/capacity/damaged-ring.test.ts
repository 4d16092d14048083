import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Booking, BookingRequest } from '../../../../src/core/capacity/capacity.ts';
import { createPoolState } from '../../../../src/core/capacity/pool-state.ts';
import { lanes } from '../../../../src/core/jobs/job.ts';
import { ask, pool, startMs } from './sample-pool.ts';
import { readDamaged, type Waiting, wakeDue } from './wake-due.ts';

const limits = pool();
const limitTokens = 10_000;

function fullestMinute(sends: readonly Booking[]): number {
  const sums = sends.map(({ sendAtMs: endMs }) =>
    sends
      .filter(({ sendAtMs }) => sendAtMs > endMs - 60_000 && sendAtMs <= endMs)
      .reduce((sum, { tokens }) => sum + tokens, 0),
  );
  return Math.max(0, ...sums);
}

/** Four minutes in which jobs come as told, ask again when they were told to, and the ring is lost at `lostAtMs`. */
function serve(arrivals: readonly { atMs: number; request: BookingRequest }[], lostAtMs: number): Booking[] {
  let state = createPoolState();
  let waiting: readonly Waiting[] = arrivals.map(({ atMs, request }) => ({ request, dueMs: startMs + atMs }));
  const sends: Booking[] = [];
  for (let nowMs = startMs; nowMs < startMs + 240_000 && waiting.length > 0; nowMs += 250) {
    if (nowMs === startMs + lostAtMs) {
      const emptied = { key: 'deployment|east', text: '{}' };
      state = readDamaged(state, emptied, { limits, nowMs, lastLine: state.line });
    }
    const woken = wakeDue(state, waiting, { limits, nowMs });
    ({ state, waiting } = woken);
    sends.push(...woken.booked.map(({ booking }) => booking));
  }
  return sends;
}

describe('a deployment whose ring was lost', () => {
  it('is not sent more than its limit beside what was booked and held before', () => {
    const big = { atMs: 20_000, request: ask(6000, { lane: 'bulk' }) };
    const first = { atMs: 0, request: ask(9000) };
    const later = Array.from({ length: 20 }, (_, index) => ({ atMs: 91_000 + 250 * index, request: ask(1500) }));
    const sends = serve([first, big, ...later], 30_000);
    // It was held for a minute after the first, when the ring is empty again but for it.
    expect(sends.some(({ tokens, why }) => tokens === 6000 && why === 'reserved')).toBe(true);
    expect(fullestMinute(sends)).toBeLessThanOrEqual(limitTokens);
  });

  it('keeps its limit whatever was under way', () => {
    const arrival = fc.record({
      atMs: fc.integer({ min: 0, max: 100_000 }),
      tokens: fc.integer({ min: 1, max: 6000 }),
      lane: fc.constantFrom(...lanes),
    });
    const lostAtMs = fc.integer({ min: 1, max: 320 }).map((quarters) => quarters * 250);
    let sent = 0;
    fc.assert(
      fc.property(fc.array(arrival, { minLength: 5, maxLength: 40 }), lostAtMs, (arrivals, lostMs) => {
        const jobs = arrivals.map(({ atMs, tokens, lane }) => ({ atMs, request: ask(tokens, { lane }) }));
        const sends = serve(jobs, lostMs);
        sent += sends.length;
        expect(fullestMinute(sends)).toBeLessThanOrEqual(limitTokens);
      }),
      { numRuns: 60 },
    );
    expect(sent).toBeGreaterThan(100);
  });
});
