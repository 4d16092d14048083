import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Booking } from '../../../../src/core/capacity/capacity.ts';
import { decideBookings } from '../../../../src/core/capacity/decide-bookings.ts';
import { forecastTurn } from '../../../../src/core/capacity/forecast-turn.ts';
import { unknownTeam } from '../../../../src/core/capacity/pool-limits.ts';
import { createPoolState } from '../../../../src/core/capacity/pool-state.ts';
import { lanes } from '../../../../src/core/jobs/job.ts';
import { ask, batch, deployment, pool, startMs } from './sample-pool.ts';

/** The fullest of all periods of `lengthMs` that hold a send, in what `weigh` counts. */
function fullestAround(sends: readonly Booking[], atMs: number, lengthMs: number, weigh: (send: Booking) => number) {
  const ends = sends.map(({ sendAtMs }) => sendAtMs).filter((endMs) => endMs >= atMs && endMs < atMs + lengthMs);
  const sums = ends.map((endMs) =>
    sends
      .filter(({ sendAtMs }) => sendAtMs > endMs - lengthMs && sendAtMs <= endMs)
      .reduce((sum, send) => sum + weigh(send), 0),
  );
  return Math.max(0, ...sums);
}

const windowSeconds = 10;
const sliceLimit = (requestsPerMinute: number) => Math.max(1, Math.floor((requestsPerMinute * windowSeconds) / 60));

const step = fc.record({
  laterMs: fc.integer({ min: 0, max: 20_000 }),
  /** How far the time of the process that decides is from the row's: what is left, well rounded up, once the store's time is everybody's. */
  skewMs: fc.constantFrom(0, 0, -800, 800, 250),
  tokensPerMinute: fc.constantFrom(0, 1, 2000, 10_000, 30_000),
  requestsPerMinute: fc.constantFrom(0, 1, 60, 600),
  jobs: fc.array(fc.record({ tokens: fc.integer({ min: 1, max: 2500 }), lane: fc.constantFrom(...lanes) }), {
    maxLength: 8,
  }),
});

describe('limits that change while bookings stand', () => {
  it('are kept by every booking that is made under them, by clocks that are apart and jump back', () => {
    let booked = 0;
    fc.assert(
      fc.property(fc.array(step, { minLength: 4, maxLength: 20 }), (steps) => {
        let state = createPoolState();
        let timeMs = startMs;
        const sends: Booking[] = [];
        for (const { laterMs, skewMs, tokensPerMinute, requestsPerMinute, jobs } of steps) {
          timeMs += laterMs;
          const limits = pool({ deployments: [deployment({ tokensPerMinute, requestsPerMinute })] });
          const requests = jobs.map(({ tokens, lane }) => ask(tokens, { lane }));
          const decision = decideBookings(batch({ state, limits, nowMs: timeMs + skewMs, requests }));
          state = decision.state;
          const made = decision.results.flatMap((result) => (result.outcome === 'booked' ? [result.booking] : []));
          sends.push(...made);
          booked += made.length;
          if (tokensPerMinute === 0 || requestsPerMinute === 0) expect(made).toEqual([]);
          for (const { sendAtMs } of made) {
            expect(fullestAround(sends, sendAtMs, 60_000, ({ tokens }) => tokens)).toBeLessThanOrEqual(tokensPerMinute);
            const requestsInSlice = fullestAround(sends, sendAtMs, windowSeconds * 1000, () => 1);
            expect(requestsInSlice).toBeLessThanOrEqual(sliceLimit(requestsPerMinute));
          }
        }
      }),
      { numRuns: 80 },
    );
    // A property about bookings that are never made would prove nothing.
    expect(booked).toBeGreaterThan(50);
  });

  const atOnce = (tokensPerMinute: number, nowMs: number, state = createPoolState()) =>
    decideBookings(
      batch({ state, nowMs, limits: pool({ deployments: [deployment({ tokensPerMinute })] }), requests: [ask(6000)] }),
    );

  it('give what was raised at once', () => {
    const first = atOnce(10_000, startMs);
    expect(atOnce(10_000, startMs + 2000, first.state).results[0]?.outcome).toBe('wait');
    expect(atOnce(12_000, startMs + 2000, first.state).results[0]?.outcome).toBe('booked');
  });

  it('are kept although a clock that was ahead has seen the minute pass and jumps back', () => {
    const first = atOnce(10_000, startMs);
    const ahead = atOnce(0, startMs + 66_000, first.state);
    const [back] = atOnce(10_000, startMs + 55_000, ahead.state).results;
    expect(back?.outcome === 'booked' ? back.booking.sendAtMs : startMs + 60_001).toBeGreaterThan(startMs + 60_000);
  });

  it('serve nothing at 0 and go on with the jobs that waited when they are raised again', () => {
    const closed = decideBookings(
      batch({ limits: pool({ deployments: [deployment({ tokensPerMinute: 0 })] }), requests: [ask(6000)] }),
    );
    const [wait] = closed.results;
    if (wait?.outcome !== 'wait') throw new Error('A limit of 0 lets nothing through.');
    const { results } = decideBookings(
      batch({ state: closed.state, nowMs: startMs + 5000, requests: [ask(6000, { ticket: wait.ticket })] }),
    );
    expect(results[0]?.outcome).toBe('booked');
  });

  it.each([
    ['a deployment without tokens', { deployments: [deployment({ tokensPerMinute: 0 })] }],
    ['a deployment without requests', { deployments: [deployment({ requestsPerMinute: 0 })] }],
    ['a pause of the pool', { isPaused: true }],
    ['a pause of its team', { teams: new Map([['search', { ...unknownTeam, isPaused: true }]]) }],
    ['a team without tokens', { teams: new Map([['search', { ...unknownTeam, tokensPerMinute: 0 }]]) }],
    ['a team without requests', { teams: new Map([['search', { ...unknownTeam, requestsPerMinute: 0 }]]) }],
    [
      'a pause of the only deployment that holds it',
      { deployments: [deployment({ isPaused: true }), deployment({ name: 'west', tokensPerMinute: 100 })] },
    ],
  ])('foresee a place and no start under %s', (_, over) => {
    expect(forecastTurn(batch({ limits: pool(over) }), ask(6000))).toMatchObject({ position: 1, startAtMs: null });
  });

  it('foresee a start for what one of several deployments takes, and nothing for what none ever holds', () => {
    const limits = pool({ deployments: [deployment({ isPaused: true }), deployment({ name: 'west' })] });
    expect(forecastTurn(batch({ limits }), ask(6000))).toMatchObject({ position: 1, startAtMs: startMs });
    expect(forecastTurn(batch({ limits }), ask(10_001))).toBeNull();
  });
});
