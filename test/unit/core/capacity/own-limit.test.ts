import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BookingRequest } from '../../../../src/core/capacity/capacity.ts';
import { decideBookings } from '../../../../src/core/capacity/decide-bookings.ts';
import { forecastTurn } from '../../../../src/core/capacity/forecast-turn.ts';
import { unknownTeam } from '../../../../src/core/capacity/pool-limits.ts';
import { decodePool, encodePool } from '../../../../src/core/capacity/pool-rows.ts';
import { createPoolState, type PoolState } from '../../../../src/core/capacity/pool-state.ts';
import { viewLanes } from '../../../../src/core/capacity/view-pool.ts';
import { ask, batch, deployment, pool, startMs } from './sample-pool.ts';

const deployments = ['east', 'west', 'south'].map((name) => deployment({ name, tokensPerMinute: 100_000 }));
const limited = pool({ deployments, teams: new Map([['small', { ...unknownTeam, tokensPerMinute: 30_000 }]]) });

/** A pool that nothing but the team's limit holds back. */
const wide = pool({
  ...limited,
  deployments: [deployment({ tokensPerMinute: 10_000_000, requestsPerMinute: 60_000 })],
});

/** A pool in which a job of the team's whole limit is a big one. */
const narrow = pool({
  ...limited,
  deployments: [deployment({ tokensPerMinute: 40_000 }), deployment({ name: 'west', tokensPerMinute: 32_000 })],
});

interface Sent {
  readonly jobId: string;
  readonly atMs: number;
  readonly tokens: number;
}

/** Asks as workers do: every job again when it was told to. A wait of more than two seconds is a park. */
function run(requests: readonly BookingRequest[], untilMs: number, limits = limited, begun = createPoolState()) {
  let state: PoolState = begun;
  const asleep = new Map(requests.map((request) => [request.jobId, { request, atMs: startMs }]));
  const sent: Sent[] = [];
  let parks = 0;
  for (let nowMs = startMs; nowMs < untilMs && asleep.size > 0; nowMs += 250) {
    const awake = [...asleep.values()].filter(({ atMs }) => atMs <= nowMs).map(({ request }) => request);
    if (awake.length === 0) continue;
    const decision = decideBookings(batch({ state, limits, nowMs, requests: awake }));
    state = decision.state;
    for (const [index, request] of awake.entries()) {
      const result = decision.results[index];
      if (result?.outcome === 'wait') {
        if (result.untilMs - nowMs > 2000) parks += 1;
        asleep.set(request.jobId, { request: { ...request, ticket: result.ticket }, atMs: result.untilMs });
      } else asleep.delete(request.jobId);
      if (result?.outcome !== 'booked') continue;
      const { sendAtMs, tokens } = result.booking;
      sent.push({ jobId: request.jobId, atMs: sendAtMs, tokens });
    }
  }
  return { state, sent, parks };
}

/** By how much a job was sent before one that had come earlier, at most. */
function mostOvertakenMs(inOrder: readonly BookingRequest[], sent: readonly Sent[]): number {
  const times = new Map(sent.map(({ jobId, atMs }) => [jobId, atMs]));
  let [latestMs, mostMs] = [0, 0];
  for (const { jobId } of inOrder) {
    const atMs = times.get(jobId) ?? Number.POSITIVE_INFINITY;
    mostMs = Math.max(mostMs, latestMs - atMs);
    latestMs = Math.max(latestMs, atMs);
  }
  return mostMs;
}

function mostIn60S(sent: readonly Sent[]): number {
  return Math.max(
    0,
    ...sent.map(({ atMs }) =>
      sent
        .filter((other) => other.atMs >= atMs && other.atMs < atMs + 60_000)
        .reduce((sum, { tokens }) => sum + tokens, 0),
    ),
  );
}

const bulk = (tokens: number) => ask(tokens, { team: 'small', lane: 'bulk' });

describe('a team with a limit of its own', () => {
  it('is served in the order in which its jobs came, each parked about once, and never over its limit', () => {
    const requests = Array.from({ length: 120 }, (_, index) => bulk(600 + ((index * 379) % 800)));
    const { sent, parks } = run(requests, startMs + 400_000);
    expect(sent).toHaveLength(120);
    expect(mostOvertakenMs(requests, sent)).toBeLessThan(2000);
    expect(mostIn60S(sent)).toBeLessThanOrEqual(30_000);
    expect(parks / 120).toBeLessThanOrEqual(2);
    const tokens = sent.reduce((sum, each) => sum + each.tokens, 0);
    const lastMs = Math.max(...sent.map(({ atMs }) => atMs));
    expect(tokens / ((lastMs - startMs) / 60_000)).toBeGreaterThan(0.97 * 30_000);
  });

  // A job that waits for a whole window to pass may be passed by what fits into the rest of it, for two windows at most.
  it.each([
    { tokens: 1500, lanes: ['interactive', 'standard', 'bulk'] as const, withinMs: 5000 },
    { tokens: 30_000, lanes: ['bulk'] as const, withinMs: 190_000 },
  ])('keeps its limit and its order with jobs of up to $tokens tokens', ({ tokens: max, lanes, withinMs }) => {
    const job = fc.record({ tokens: fc.integer({ min: 1, max }), lane: fc.constantFrom(...lanes) });
    fc.assert(
      fc.property(fc.array(job, { minLength: 1, maxLength: 25 }), (jobs) => {
        const requests = jobs.map(({ tokens, lane }) => ask(tokens, { team: 'small', lane }));
        const { sent } = run(requests, startMs + 3_600_000, wide);
        expect(sent).toHaveLength(requests.length);
        expect(mostIn60S(sent)).toBeLessThanOrEqual(30_000);
        for (const lane of lanes) {
          const own = requests.filter((request) => request.lane === lane);
          expect(mostOvertakenMs(own, sent)).toBeLessThan(withinMs);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('sends every job, big ones that hold a far send time too', () => {
    const job = fc.record({
      tokens: fc.oneof(fc.integer({ min: 1, max: 2000 }), fc.integer({ min: 1, max: 30_000 })),
      lane: fc.constantFrom('interactive', 'standard', 'bulk'),
    });
    fc.assert(
      fc.property(fc.array(job, { minLength: 10, maxLength: 30 }), (jobs) => {
        const requests = jobs.map(({ tokens, lane }) => ask(tokens, { team: 'small', lane }));
        const { sent } = run(requests, startMs + 3_600_000, narrow);
        expect(sent).toHaveLength(requests.length);
        expect(mostIn60S(sent)).toBeLessThanOrEqual(30_000);
      }),
      { numRuns: 20 },
    );
  });

  it.each(['interactive', 'standard', 'bulk'] as const)(
    'keeps nobody waiting behind %s jobs whose holders are gone for longer than these would have taken',
    (lane) => {
      const gone = Array.from({ length: 60 }, () => ask(1000, { team: 'small', lane }));
      const left = decideBookings(batch({ limits: wide, requests: gone })).state;
      const requests = [bulk(1000), bulk(1000), bulk(1000)];
      const { sent } = run(requests, startMs + 600_000, wide, left);
      expect(sent).toHaveLength(3);
      // A minute's limit may have been booked by those who are gone; the other half of their places passes in a minute.
      expect(Math.max(...sent.map(({ atMs }) => atMs)) - startMs).toBeLessThan(160_000);
      expect(Math.min(...sent.map(({ atMs }) => atMs)) - startMs).toBeGreaterThan(50_000);
    },
  );

  it('waits and damages no row when one of its limits is turned off', () => {
    for (const own of [
      { tokensPerMinute: 30_000, requestsPerMinute: 0 },
      { tokensPerMinute: 0, requestsPerMinute: 60 },
      { tokensPerMinute: 0, requestsPerMinute: 0 },
      { requestsPerMinute: 0 },
    ]) {
      const limits = pool({ teams: new Map([['small', { ...unknownTeam, ...own }]]) });
      const { state, results } = decideBookings(batch({ limits, requests: [bulk(100)] }));
      expect(results[0]).toMatchObject({ outcome: 'wait', ticket: { own: { start: 0 } } });
      const rows = [...encodePool(state)].map(([key, text]) => ({ key, text, version: '1' }));
      expect(decodePool(rows, { limits, nowMs: startMs, lastLine: null }).damaged).toEqual([]);
      const ticket = results[0]?.outcome === 'wait' ? results[0].ticket : null;
      expect(JSON.parse(JSON.stringify(ticket))).toEqual(ticket);
    }
  });

  it('is not slowed down by bookings that come back unsent', () => {
    const requests = Array.from({ length: 12 }, () => bulk(1000));
    const first = decideBookings(batch({ limits: wide, requests }));
    const bookings = first.results.flatMap((result) => (result.outcome === 'booked' ? [result.booking] : []));
    expect(bookings.length).toBeGreaterThan(1);
    expect(bookings.length).toBeLessThan(12);
    const news = bookings.map((booking) => ({ kind: 'released', booking }) as const);
    const paced = (state: PoolState) => state.line.teams['small']?.pacedUntilMs ?? Number.NaN;
    const { state } = decideBookings(batch({ limits: wide, state: first.state, news, requests: [] }));
    expect(paced(first.state) - paced(state)).toBeGreaterThan(bookings.length * 1900);
  });

  it('serves its interactive jobs before the bulk work that has waited longer', () => {
    const requests = [...Array.from({ length: 60 }, () => bulk(1000)), ask(1000, { team: 'small' })];
    const { sent } = run(requests, startMs + 300_000);
    const place = sent
      .toSorted((left, right) => left.atMs - right.atMs)
      .findIndex(({ jobId }) => jobId === requests.at(-1)?.jobId);
    expect(place).toBeLessThan(10);
  });

  it('is told a start and a position by its own limit, true within a tenth', () => {
    const requests = Array.from({ length: 100 }, () => bulk(1000));
    const first = decideBookings(batch({ limits: limited, requests }));
    const told = requests.map(({ team, model, lane, estimate, jobId }, index) => {
      const result = first.results[index];
      const ticket = result?.outcome === 'wait' ? result.ticket : null;
      return forecastTurn(batch({ limits: limited, state: first.state }), {
        team,
        model,
        lane,
        estimate,
        jobId,
        ticket,
      });
    });
    const sent = new Map(run(requests, startMs + 400_000).sent.map(({ jobId, atMs }) => [jobId, atMs - startMs]));
    for (const index of [50, 75, 99]) {
      const real = sent.get(requests[index]?.jobId ?? '') ?? Number.NaN;
      expect(((told[index]?.startAtMs ?? 0) - startMs) / real).toBeGreaterThan(0.9);
      expect(((told[index]?.startAtMs ?? 0) - startMs) / real).toBeLessThan(1.1);
      expect(told[index]?.position).toBeGreaterThan(index - 15);
      expect(told[index]?.position).toBeLessThanOrEqual(index + 1);
    }
    const { team, model, lane, estimate } = bulk(1000);
    const next = { team, model, lane, estimate, jobId: 'next', ticket: null };
    const joining = forecastTurn(batch({ limits: limited, state: first.state }), next);
    expect(((joining?.startAtMs ?? 0) - startMs) / 200_000).toBeGreaterThan(0.9);
    expect(joining?.msPerJob).toBeCloseTo(2017, -1);
    const [, , view] = viewLanes(batch({ limits: limited, state: first.state }));
    const left = first.results.filter(({ outcome }) => outcome === 'wait').length;
    expect(view?.tokensWaiting).toBeCloseTo(left * 1000, -2);
  });

  it('holds nobody else back and is not in front of him', () => {
    const flood = Array.from({ length: 100 }, () => bulk(1000));
    const other = ask(1000, { team: 'big', lane: 'bulk' });
    const { results } = decideBookings(batch({ limits: limited, requests: [...flood, other] }));
    expect(results.at(-1)?.outcome).toBe('booked');
  });

  it('goes on at once when its limit is lifted, with jobs that wait for it', () => {
    const requests = Array.from({ length: 100 }, () => bulk(1000));
    const first = decideBookings(batch({ limits: limited, requests }));
    const waiting = requests.flatMap((request, index) => {
      const result = first.results[index];
      return result?.outcome === 'wait' ? [{ ...request, ticket: result.ticket }] : [];
    });
    const free = pool({ deployments });
    const lifted = decideBookings(
      batch({ limits: free, state: first.state, nowMs: startMs + 5000, requests: waiting }),
    );
    expect(lifted.results.filter(({ outcome }) => outcome === 'booked').length).toBeGreaterThan(15);
    expect(Object.keys(lifted.state.line.teams)).toEqual([]);
  });

  it('gives jobs that already waited a place when it is given a limit, and when the limit changes its unit', () => {
    const requests = Array.from({ length: 100 }, () => bulk(1000));
    const free = decideBookings(batch({ limits: pool({ deployments }), requests }));
    const again = (results: typeof free.results) =>
      requests.flatMap((request, index) => {
        const result = results[index];
        return result?.outcome === 'wait' ? [{ ...request, ticket: result.ticket }] : [];
      });
    const given = decideBookings(
      batch({ limits: limited, state: free.state, nowMs: startMs + 1000, requests: again(free.results) }),
    );
    expect(given.state.line.teams['small']?.unit).toBe('tokens');
    const inRequests = pool({ deployments, teams: new Map([['small', { ...unknownTeam, requestsPerMinute: 60 }]]) });
    const { state } = decideBookings(
      batch({ limits: inRequests, state: given.state, nowMs: startMs + 2000, requests: again(free.results) }),
    );
    expect(state.line.teams['small']?.unit).toBe('requests');
    expect(state.line.teams['small']?.lanes.bulk.issued).toBe(again(free.results).length);
  });
});
