import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { News } from '../../../../src/core/capacity/apply-news.ts';
import type { Booking, BookingResult } from '../../../../src/core/capacity/capacity.ts';
import { type BookingBatch, decideBookings } from '../../../../src/core/capacity/decide-bookings.ts';
import type { HealthPolicy } from '../../../../src/core/capacity/deployment-health.ts';
import { alwaysHealthy } from '../../../../src/core/capacity/deployment-health.ts';
import { createLedger, enterBooking } from '../../../../src/core/capacity/deployment-ledger.ts';
import { workAhead } from '../../../../src/core/capacity/lane-line.ts';
import { unknownTeam } from '../../../../src/core/capacity/pool-limits.ts';
import { createPoolState } from '../../../../src/core/capacity/pool-state.ts';
import { chargeRing, createRing, teamRing } from '../../../../src/core/capacity/token-ring.ts';
import { lanes } from '../../../../src/core/jobs/job.ts';
import { parseRetryHint } from '../../../../src/core/retry/parse-retry-hint.ts';
import { breakerPolicy } from '../../../../src/core/routing/breaker-policy.ts';
import { ask, batch, deployment, pool, report, startMs } from './sample-pool.ts';

function booked(result: BookingResult | undefined): Booking {
  if (result?.outcome !== 'booked') throw new Error(`Not booked: ${JSON.stringify(result)}`);
  return result.booking;
}

describe('a decision about a batch', () => {
  it('leaves the state it was given as it was', () => {
    const state = createPoolState();
    decideBookings(batch({ state, requests: [ask(1000)] }));
    expect(state).toEqual(createPoolState());
  });

  it('never books more than the limit into any 60 seconds, nor more than the slice, over many batches', () => {
    const step = fc.record({
      laterMs: fc.integer({ min: 0, max: 4000 }),
      jobs: fc.array(fc.record({ tokens: fc.integer({ min: 1, max: 6000 }), lane: fc.constantFrom(...lanes) }), {
        maxLength: 12,
      }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), fc.constantFrom(1, 10), (steps, requestWindowSeconds) => {
        const limits = pool({ deployments: [deployment({ requestWindowSeconds, requestsPerMinute: 60 })] });
        let state = createPoolState();
        let nowMs = startMs;
        const sends: Booking[] = [];
        for (const { laterMs, jobs } of steps) {
          nowMs += laterMs;
          const requests = jobs.map(({ tokens, lane }) => ask(tokens, { lane }));
          const decision = decideBookings(batch({ state, limits, nowMs, requests }));
          state = decision.state;
          for (const result of decision.results) if (result.outcome === 'booked') sends.push(result.booking);
        }
        for (const { sendAtMs: end } of sends) {
          const within = (ms: number) => sends.filter(({ sendAtMs }) => sendAtMs > end - ms && sendAtMs <= end);
          expect(within(60_000).reduce((sum, { tokens }) => sum + tokens, 0)).toBeLessThanOrEqual(10_000);
          expect(within(requestWindowSeconds * 1000).length).toBeLessThanOrEqual(requestWindowSeconds);
        }
      }),
      { numRuns: 60 },
    );
  });

  it('gives nothing back on Standard when a call used less than was booked', () => {
    const first = decideBookings(batch({ requests: [ask(10_000)] }));
    const news: News[] = [{ kind: 'reported', report: report({ booking: booked(first.results[0]) }) }];
    const second = decideBookings(batch({ state: first.state, nowMs: startMs + 5000, news, requests: [ask(1000)] }));
    expect(second.results[0]).toMatchObject({ outcome: 'wait', reason: 'tpm' });
  });

  it('corrects a provisioned deployment to what was used', () => {
    const limits = pool({ deployments: [deployment({ isProvisioned: true })] });
    const first = decideBookings(batch({ limits, requests: [ask(10_000)] }));
    const news: News[] = [{ kind: 'reported', report: report({ booking: booked(first.results[0]) }) }];
    const second = decideBookings(
      batch({ limits, state: first.state, nowMs: startMs + 5000, news, requests: [ask(1000)] }),
    );
    expect(second.results[0]?.outcome).toBe('booked');
  });

  it('frees a booking that was not sent', () => {
    const first = decideBookings(batch({ requests: [ask(10_000)] }));
    const news: News[] = [{ kind: 'released', booking: booked(first.results[0]) }];
    const second = decideBookings(batch({ state: first.state, nowMs: startMs + 1000, news, requests: [ask(10_000)] }));
    expect(second.results[0]?.outcome).toBe('booked');
  });

  it('does not charge for a call that was refused, and leaves its deployment alone as long as it asks', () => {
    const first = decideBookings(batch({ requests: [ask(10_000)] }));
    const throttled = report({
      booking: booked(first.results[0]),
      outcome: 'throttled',
      throttle: 'tokens',
      coolDownMs: 20_000,
    });
    const state = decideBookings(batch({ state: first.state, news: [{ kind: 'reported', report: throttled }] })).state;
    const soon = decideBookings(batch({ state, nowMs: startMs + 1000, requests: [ask(5000)] }));
    // Want of quota is no failure: the team's fallback model is not for this.
    expect(soon.results[0]).toMatchObject({ outcome: 'wait', reason: 'tpm' });
    const later = decideBookings(batch({ state, nowMs: startMs + 21_000, requests: [ask(5000)] }));
    expect(later.results[0]?.outcome).toBe('booked');
    expect(state.deployments.get('east')?.driftCount).toBe(1);
  });

  it('sends no paced job at once in the place of a refused one', () => {
    const bulk = () => ask(1200, { lane: 'bulk' });
    const filled = decideBookings(batch({ requests: [bulk(), bulk(), bulk()] }));
    const refused = report({ booking: booked(filled.results[0]), outcome: 'throttled', throttle: 'tokens' });
    const news: News[] = [{ kind: 'reported', report: refused }];
    const { results } = decideBookings(
      batch({ state: filled.state, nowMs: startMs + 300, requests: [bulk(), bulk()], news }),
    );
    // The refused job has paid the pace of some seven seconds, two of which are a start's and four a small team's to overdraw.
    for (const result of results) {
      expect(result.outcome === 'booked' ? result.booking.sendAtMs - startMs : 5000).toBeGreaterThan(1000);
    }
  });

  it('keeps every window although its clock jumps back', () => {
    const filled = decideBookings(batch({ requests: [ask(9500)] }));
    for (const backMs of [1000, 5000, 20_000]) {
      const { results } = decideBookings(
        batch({ state: filled.state, nowMs: startMs - backMs, requests: [ask(1000)] }),
      );
      const [result] = results;
      if (result?.outcome === 'booked') expect(result.booking.sendAtMs).toBeGreaterThan(startMs + 60_000);
      else expect(result?.outcome).toBe('wait');
    }
  });

  it('has everyone of a slice due when it begins where requests are the limit', () => {
    const requests = Array.from({ length: 100 }, () => ask(2, { lane: 'standard' }));
    const paused = decideBookings(batch({ limits: pool({ isPaused: true }), requests }));
    const wake = (index: number) => {
      const ticket = paused.results[index]?.outcome === 'wait' ? paused.results[index].ticket : null;
      return decideBookings(batch({ state: paused.state, requests: [ask(2, { lane: 'standard', ticket })] }))
        .results[0];
    };
    expect(booked(wake(90)).sendAtMs).toBe(startMs);
  });

  it('leaves the time before a held send time to others', () => {
    const filled = decideBookings(batch({ requests: [ask(6000)] }));
    const held = decideBookings(
      batch({ state: filled.state, nowMs: startMs + 20_000, requests: [ask(5000, { lane: 'standard' })] }),
    );
    expect(held.state.line.reservations).toHaveLength(1);
    const small = [ask(300, { lane: 'standard' })];
    const { results } = decideBookings(batch({ state: held.state, nowMs: startMs + 36_500, requests: small }));
    expect(results[0]?.outcome).toBe('booked');
  });

  it('leaves a deployment alone for a minute when the service asks for a day, its breaker too', () => {
    const health = breakerPolicy;
    const first = decideBookings(batch({ health, requests: [ask(1000)] }));
    const hint = parseRetryHint({ 'retry-after': '86400' }, null, 'tokens', startMs);
    const day = report({
      booking: booked(first.results[0]),
      outcome: 'throttled',
      health: 'none',
      throttle: 'tokens',
      coolDownMs: hint?.coolDownMs ?? null,
    });
    const { state } = decideBookings(batch({ health, state: first.state, news: [{ kind: 'reported', report: day }] }));
    const outcomeAt = (nowMs: number) =>
      decideBookings(batch({ health, state, nowMs, requests: [ask(1000)] })).results[0]?.outcome;
    expect([outcomeAt(startMs + 57_000), outcomeAt(startMs + 61_000)]).toEqual(['wait', 'booked']);
  });

  it('refuses what is larger than every limit, naming the limit', () => {
    const [result] = decideBookings(batch({ requests: [ask(10_001)] })).results;
    expect(result).toEqual({
      outcome: 'never',
      limitTokens: 10_000,
      limitOf: 'deployment',
      neededTokens: 10_001,
    });
  });

  it("refuses what is larger than the team's whole limit", () => {
    const limits = pool({ teams: new Map([['search', { ...unknownTeam, tokensPerMinute: 500 }]]) });
    expect(decideBookings(batch({ limits, requests: [ask(501)] })).results[0]).toMatchObject({
      outcome: 'never',
      limitTokens: 500,
      limitOf: 'team',
    });
  });

  it.each([
    ['a limit of 0', pool({ deployments: [deployment({ tokensPerMinute: 0 })] })],
    ['an RPM of 0', pool({ deployments: [deployment({ requestsPerMinute: 0 })] })],
    ['a paused deployment', pool({ deployments: [deployment({ isPaused: true })] })],
    ['a paused pool', pool({ isPaused: true })],
  ])('waits at %s and keeps its ticket', (_, limits) => {
    const [result] = decideBookings(batch({ limits, requests: [ask(100)] })).results;
    expect(result).toMatchObject({ outcome: 'wait', reason: 'paused' });
    expect(result?.outcome === 'wait' && result.ticket !== null).toBe(true);
  });

  it('serves a job at a limit of 1', () => {
    const limits = pool({ deployments: [deployment({ tokensPerMinute: 100, requestsPerMinute: 1 })] });
    const { results } = decideBookings(batch({ limits, requests: [ask(100), ask(100)] }));
    expect(results.map(({ outcome }) => outcome)).toEqual(['booked', 'wait']);
  });

  it('keeps to a limit that was lowered while bookings stand', () => {
    const { state } = decideBookings(batch({ requests: [ask(6000)] }));
    const limits = pool({ deployments: [deployment({ tokensPerMinute: 5000 })] });
    const lowered = decideBookings(batch({ state, limits, nowMs: startMs + 1000, requests: [ask(10)] }));
    expect(lowered.results[0]).toMatchObject({ outcome: 'wait', reason: 'tpm' });
  });

  it('serves interactive work before a bulk backlog that came first', () => {
    const bulk = Array.from({ length: 20 }, () => ask(1000, { lane: 'bulk' }));
    const urgent = ask(1000);
    const { results } = decideBookings(batch({ requests: [...bulk, urgent] }));
    expect(booked(results.at(-1)).sendAtMs).toBe(startMs);
    const limits = pool({ deployments: [deployment({ tokensPerMinute: 1500 })] });
    const roomForOne = decideBookings(batch({ limits, requests: [ask(1000, { lane: 'bulk' }), urgent] })).results;
    expect(roomForOne.map(({ outcome }) => outcome)).toEqual(['wait', 'booked']);
  });

  const requestBound = () => pool({ deployments: [deployment({ tokensPerMinute: 1_000_000, requestsPerMinute: 60 })] });

  it('holds bulk work back behind interactive work where requests are the limit', () => {
    const limits = requestBound();
    const bulk = () => ask(100, { lane: 'bulk' });
    const full = decideBookings(batch({ limits, requests: Array.from({ length: 12 }, bulk) }));
    expect(full.results.filter(({ outcome }) => outcome === 'booked')).toHaveLength(10);
    const urgent = decideBookings(batch({ limits, state: full.state, nowMs: startMs + 100, requests: [ask(100)] }));
    expect(urgent.results[0]).toMatchObject({ outcome: 'wait', reason: 'rpm' });
    const next = decideBookings(batch({ limits, state: urgent.state, nowMs: startMs + 10_000, requests: [bulk()] }));
    expect(next.results[0]).toMatchObject({ outcome: 'wait', reason: 'line' });
  });

  it('leaves something of every slice to interactive work once there was some, and the whole slice to bulk before', () => {
    const limits = requestBound();
    const booked = (state = createPoolState()) => {
      const requests = Array.from({ length: 12 }, () => ask(100, { lane: 'bulk' }));
      const { results } = decideBookings(batch({ limits, state, nowMs: startMs + 60_000, requests }));
      return results.filter(({ outcome }) => outcome === 'booked').length;
    };
    expect(booked()).toBe(10);
    expect(booked(decideBookings(batch({ limits, requests: [ask(100)] })).state)).toBeLessThan(5);
  });

  it('books nothing of a paced lane further ahead than the horizon', () => {
    const requests = Array.from({ length: 50 }, () => ask(150, { lane: 'bulk' }));
    const { results } = decideBookings(batch({ requests }));
    const sends = results.filter((result) => result.outcome === 'booked').map((result) => booked(result).sendAtMs);
    expect(sends.length).toBeGreaterThan(0);
    expect(Math.max(...sends)).toBeLessThanOrEqual(startMs + 2000);
    for (const result of results) if (result.outcome === 'wait') expect(result.untilMs).toBeGreaterThan(startMs);
  });

  it('tells the last of a long line to come back when its turn is near', () => {
    const requests = Array.from({ length: 250 }, () => ask(199, { lane: 'bulk' }));
    const last = decideBookings(batch({ requests })).results.at(-1);
    // 249 jobs of 199 tokens are ahead, and the deployment serves some 9,900 tokens a minute.
    expect(last?.outcome === 'wait' ? last.untilMs - startMs : 0).toBeGreaterThan(240_000);
    expect(last?.outcome === 'wait' ? last.untilMs - startMs : 0).toBeLessThan(320_000);
  });

  it('holds a far send time for a big job and hands it out when the job comes for it', () => {
    const filled = decideBookings(batch({ requests: [ask(9000)] }));
    const big = ask(5000, { lane: 'standard' });
    const reserved = decideBookings(batch({ state: filled.state, nowMs: startMs + 1000, requests: [big] }));
    const [wait] = reserved.results;
    if (wait?.outcome !== 'wait') throw new Error('A job without room near has to wait.');
    expect(reserved.state.line.reservations).toHaveLength(1);
    const wake = { ...big, ticket: wait.ticket };
    const { results, state } = decideBookings(batch({ state: reserved.state, nowMs: wait.untilMs, requests: [wake] }));
    expect(booked(results[0]).sendAtMs).toBeGreaterThan(wait.untilMs);
    expect(state.line.reservations).toHaveLength(0);
  });

  it('holds the far send time that comes first, however empty another window will be later', () => {
    const limits = pool({ deployments: [deployment({ name: 'east' }), deployment({ name: 'west' })] });
    const state = createPoolState();
    const send = (name: string, tokens: number, agoMs: number) => {
      const ledger = state.deployments.get(name) ?? createLedger();
      enterBooking(ledger, { tokens, sendAtMs: startMs - agoMs });
      state.deployments.set(name, ledger);
    };
    send('east', 2000, 40_000);
    send('east', 8000, 1000);
    send('west', 10_000, 20_000);
    const { state: held } = decideBookings(batch({ limits, state, requests: [ask(1900, { lane: 'bulk' })] }));
    expect(held.line.reservations).toMatchObject([{ deployment: 'east', sendAtMs: startMs + 20_750 }]);
  });

  it('tells those behind a held send time to come while there is room before it', () => {
    const filled = decideBookings(batch({ requests: [ask(6000)] }));
    const big = [ask(5000, { lane: 'standard' })];
    const held = decideBookings(batch({ state: filled.state, nowMs: startMs + 20_000, requests: big }));
    expect(held.state.line.reservations).toHaveLength(1);
    const nowMs = startMs + 36_500;
    const small = Array.from({ length: 9 }, () => ask(150, { lane: 'standard' }));
    const { results } = decideBookings(batch({ state: held.state, nowMs, requests: small }));
    const last = results.at(-1);
    // 1,200 tokens are ahead of it: seven seconds, and 4,000 have room before the held ones.
    expect(last?.outcome === 'wait' ? last.untilMs - nowMs : 0).toBeGreaterThan(2000);
    expect(last?.outcome === 'wait' ? last.untilMs - nowMs : 0).toBeLessThan(8000);
  });

  it('tells those in line to come when a big job leaves the window', () => {
    const state = createPoolState();
    const ledger = createLedger();
    enterBooking(ledger, { tokens: 9900, sendAtMs: startMs - 40_000 });
    ledger.pacedUntilMs = startMs - 25_000;
    state.deployments.set('east', ledger);
    const requests = Array.from({ length: 40 }, () => ask(150, { lane: 'bulk' }));
    const last = decideBookings(batch({ state, requests })).results.at(-1);
    // Its room comes back at once after 20.75 s; at an even rate the 5,850 tokens ahead would take 35 s.
    expect(last?.outcome === 'wait' ? last.untilMs - startMs : 0).toBeGreaterThan(19_000);
    expect(last?.outcome === 'wait' ? last.untilMs - startMs : 0).toBeLessThan(24_000);
  });

  it('holds no far send time in a line whose row is full', () => {
    const filled = decideBookings(batch({ requests: [ask(9000)] }));
    const asked = batch({ state: filled.state, nowMs: startMs + 1000, requests: [ask(5000, { lane: 'standard' })] });
    expect(decideBookings(asked).state.line.reservations).toHaveLength(1);
    const { state, results } = decideBookings({ ...asked, isLineFull: true });
    expect(state.line.reservations).toEqual([]);
    expect(results[0]).toMatchObject({ outcome: 'wait', reason: 'tpm' });
  });

  it('begins no ring for a further team with a limit while the row is full of their checksums, and goes on with those it has', () => {
    const names = Array.from({ length: 1000 }, (_, number) => `team-${number}`);
    const limited = { ...unknownTeam, tokensPerMinute: 5000 };
    const limits = pool({ teams: new Map([...names, 'further'].map((team) => [team, limited])) });
    const state = createPoolState();
    for (const team of names) {
      const ring = createRing();
      chargeRing(teamRing, ring, { tokens: 100, requests: 1 }, startMs);
      state.teams.set(team, ring);
    }
    const decide = (team: string, isLineFull: boolean) =>
      decideBookings(batch({ state, limits, isLineFull, requests: [ask(100, { team, urgent: true })] })).results[0];
    expect(decide('further', true)).toMatchObject({ outcome: 'wait', reason: 'contention' });
    expect(decide('further', false)?.outcome).toBe('booked');
    expect(decide('team-7', true)?.outcome).toBe('booked');
    state.teams.delete('team-0');
    expect(decide('further', true)?.outcome).toBe('booked');
  });

  it('leaves a test of a deployment its own time before the send, and nobody else in its batch', () => {
    const deployments = ['east', 'west'].map((name) => deployment({ name }));
    const requests = [ask(100, { only: 'east', claimMs: 900 }), ask(100, { claimMs: 60 })];
    const { results } = decideBookings(batch({ limits: pool({ deployments }), leadMs: 15, claimMs: 60, requests }));
    expect(results.map((result) => booked(result).sendAtMs - startMs)).toEqual([915, 75]);
  });

  it("does not send a job's larger run at a far send time that was held for its smaller one", () => {
    const filled = decideBookings(batch({ requests: [ask(9000)] }));
    const first = ask(5000, { lane: 'standard' });
    const held = decideBookings(batch({ state: filled.state, nowMs: startMs + 1000, requests: [first] }));
    const [wait] = held.results;
    if (wait?.outcome !== 'wait') throw new Error('A job without room near has to wait.');
    const rerun = { ...ask(8000, { lane: 'standard', ticket: wait.ticket }), jobId: first.jobId };
    const asked = decideBookings(batch({ state: held.state, nowMs: startMs + 2000, requests: [rerun] }));
    expect(asked.state.line.reservations).toMatchObject([{ jobId: first.jobId, tokens: 8000 }]);
    const untilMs = asked.results[0]?.outcome === 'wait' ? asked.results[0].untilMs : 0;
    const later = decideBookings(batch({ state: asked.state, nowMs: untilMs, requests: [rerun] }));
    expect(booked(later.results[0]).tokens).toBe(8000);
  });

  it('keeps the turn of those who stand before a big job that holds a far send time early', () => {
    const filled = decideBookings(batch({ requests: [ask(10_000)] }));
    const [small, big] = [ask(100, { lane: 'standard' }), ask(5000, { lane: 'standard' })];
    const { state } = decideBookings(batch({ state: filled.state, nowMs: startMs + 1000, requests: [small, big] }));
    expect(state.line.reservations).toMatchObject([{ jobId: big.jobId }]);
    const { standard } = state.line.lanes;
    expect(standard.virtual).toBe(0);
    expect(workAhead(standard, Number.POSITIVE_INFINITY, () => 1)).toBe(100);
  });

  it('moves by whoever is served next although a far send time that was held early was given back and held again', () => {
    const filled = decideBookings(batch({ requests: [ask(10_000)] }));
    const [small, big] = [ask(100, { lane: 'standard' }), ask(5000, { lane: 'standard' })];
    const first = decideBookings(batch({ state: filled.state, nowMs: startMs + 1000, requests: [small, big] }));
    expect(first.state.line.reservations).toHaveLength(1);
    const judge: HealthPolicy['judge'] = (state, nowMs) => ({
      ...alwaysHealthy.judge(state, nowMs),
      admits: 'none',
      untilMs: nowMs + 60_000,
      breaker: 'open',
    });
    const health = { ...alwaysHealthy, judge };
    const tripped = decideBookings(batch({ state: first.state, health, nowMs: startMs + 2000, requests: [] }));
    expect(tripped.state.line.reservations).toHaveLength(0);
    const [ticketOfSmall, ticketOfBig] = first.results.map((result) =>
      result.outcome === 'wait' ? result.ticket : null,
    );
    const requests = [{ ...big, ticket: ticketOfBig ?? null }];
    const again = decideBookings(batch({ state: tripped.state, nowMs: startMs + 3000, requests }));
    expect(again.state.line.reservations).toHaveLength(1);
    expect(again.state.line.lanes.standard.credit).toBe(0);
    const last = decideBookings(
      batch({ state: again.state, nowMs: startMs + 60_800, requests: [{ ...small, ticket: ticketOfSmall ?? null }] }),
    );
    expect(booked(last.results[0])).toMatchObject({ tokens: 100 });
    expect(last.state.line.lanes.standard.virtual).toBeGreaterThanOrEqual(100);
  });

  it('has a big job take the room that another one leaves before its turn, not an earlier one that empties the window', () => {
    const state = createPoolState();
    const ledger = createLedger();
    for (let second = 51; second <= 60; second += 1)
      enterBooking(ledger, { tokens: 600, sendAtMs: startMs - second * 1000 });
    enterBooking(ledger, { tokens: 4000, sendAtMs: startMs - 45_000 });
    state.deployments.set('east', ledger);
    const heldAfter = (jobs: number) => {
      const small = Array.from({ length: jobs }, () => ask(150, { lane: 'bulk' }));
      const { line } = decideBookings(batch({ state, requests: [...small, ask(5000, { lane: 'bulk' })] })).state;
      return line.reservations.map(({ sendAtMs }) => sendAtMs - startMs);
    };
    // Behind 4,500 tokens its turn is in 27 s: there is room after 10 s, but what comes free until then is the others'.
    expect(heldAfter(30)).toEqual([15_750]);
    expect(heldAfter(0)[0]).toBeLessThan(11_000);
  });

  it('has a big job wait for the next held one to go rather than keep a window empty before its turn', () => {
    const limits = pool({ deployments: [deployment({ name: 'east' }), deployment({ name: 'west' })] });
    const state = createPoolState();
    for (const name of ['east', 'west']) {
      const ledger = createLedger();
      for (let second = 1; second <= 60; second += 1)
        enterBooking(ledger, { tokens: 165, sendAtMs: startMs - second * 1000 });
      state.deployments.set(name, ledger);
    }
    const hold = decideBookings(batch({ limits, state, requests: [ask(5000, { lane: 'bulk' })] }));
    const [held] = hold.state.line.reservations;
    const small = () => Array.from({ length: 79 }, () => ask(150, { lane: 'bulk' }));
    const decide = (count: number) => {
      const requests = [...small().slice(0, count), ask(5000, { lane: 'bulk' })];
      const decision = decideBookings(batch({ limits, state: hold.state, requests }));
      return { held: decision.state.line.reservations, answer: decision.results.at(-1) };
    };
    // Its turn comes after the held one has gone: what that one leaves will be known before.
    const later = decide(79);
    expect(later.held).toHaveLength(1);
    if (held === undefined || later.answer?.outcome !== 'wait') throw new Error('It does not wait.');
    expect(later.answer.untilMs).toBeGreaterThan(held.sendAtMs - 5000);
    expect(later.answer.untilMs).toBeLessThan(held.sendAtMs);
    expect(decide(0).held).toHaveLength(2);
  });

  it('has a big job that finds no room within a minute ask again when the next held send time goes', () => {
    const limits = pool();
    const fill = decideBookings(batch({ limits, requests: [ask(9800)] }));
    const first = decideBookings(batch({ limits, state: fill.state, requests: [ask(8000, { lane: 'bulk' })] }));
    const [held] = first.state.line.reservations;
    if (held === undefined) throw new Error('Nothing is held.');
    const { results } = decideBookings(batch({ limits, state: first.state, requests: [ask(8000, { lane: 'bulk' })] }));
    const [answer] = results;
    if (answer?.outcome !== 'wait') throw new Error('It was not put off.');
    expect(answer.untilMs).toBeLessThan(held.sendAtMs);
    expect(answer.untilMs).toBeGreaterThan(held.sendAtMs - 5000);
  });

  it('takes the far send times of ordinary lower jobs back for a big interactive one', () => {
    const fill = decideBookings(batch({ requests: [ask(9800)] }));
    const sendAtMs = startMs + 50_000;
    fill.state.line.reservations.push({
      jobId: 'b',
      team: 'apps',
      lane: 'bulk',
      deployment: 'east',
      tokens: 150,
      sendAtMs,
    });
    const { state } = decideBookings(batch({ state: fill.state, requests: [ask(5000)] }));
    expect(state.line.reservations.map(({ lane }) => lane)).toEqual(['interactive']);
  });

  /** A pool whose one deployment is full, with a far send time held for a big job that then comes for it. */
  function holdFar(over: Partial<BookingBatch> = {}) {
    const filled = decideBookings(batch({ ...over, requests: [ask(9000)] }));
    const big = ask(5000, { lane: 'standard' });
    const { state, results } = decideBookings(
      batch({ ...over, state: filled.state, nowMs: startMs + 1000, requests: [big] }),
    );
    const [held] = state.line.reservations;
    if (held === undefined || results[0]?.outcome !== 'wait') throw new Error('Nothing is held.');
    return { state, held, wake: { ...big, ticket: results[0].ticket } };
  }

  it.each([
    ['ten', 10, 175],
    ['one', 1, 45],
  ])('books a job anew that comes too late for its far send time in slices of %s seconds', (_what, seconds, mostMs) => {
    const limits = pool({ deployments: [deployment({ requestWindowSeconds: seconds })] });
    const { state, held, wake } = holdFar({ limits });
    const come = (lateMs: number, leadMs: number) =>
      booked(
        decideBookings(batch({ limits, state, nowMs: held.sendAtMs + lateMs, leadMs, requests: [wake] })).results[0],
      );
    expect(come(mostMs, 0)).toMatchObject({ why: 'reserved', sendAtMs: held.sendAtMs });
    // What is free from its own send time on is taken at once, and sent in time.
    const late = come(mostMs + 1, 0);
    expect(late.why).not.toBe('reserved');
    expect(late.sendAtMs).toBeGreaterThan(held.sendAtMs);
    expect(late.sendAtMs).toBeLessThan(held.sendAtMs + 1000);
    // A commit and a claim come between this moment and the send.
    expect(come(mostMs, 15).why).not.toBe('reserved');
  });

  it.each([
    ['is paused', { isPaused: true }, {}],
    ['has tripped its breaker', {}, { admits: 'none', untilMs: startMs + 600_000, breaker: 'open' }],
    ['takes but one test', {}, { admits: 'probe', breaker: 'half-open' }],
  ] as const)('hands out no far send time on a deployment that %s', (_what, closed, verdict) => {
    const { state, held, wake } = holdFar();
    const limits = pool({ deployments: [deployment(closed)] });
    const health = { ...alwaysHealthy, judge: () => ({ ...alwaysHealthy.judge(null, 0), ...verdict }) };
    const asked = batch({ state, limits, health, nowMs: held.sendAtMs - 3000 });
    const { results, state: after } = decideBookings({ ...asked, requests: [wake] });
    expect(results[0]?.outcome).toBe('wait');
    expect(after.line.reservations).toEqual([]);
  });

  it('hands out no far send time on a closed deployment although the row of its team does not fit the commit any more', () => {
    const names = Array.from({ length: 99 }, (_, index) => `team-${index}`);
    const teams = new Map(
      ['search', ...names].map((team) => [team, { ...unknownTeam, tokensPerMinute: 90_000 }] as const),
    );
    const { state, held, wake } = holdFar({ limits: pool({ teams }) });
    const closed = pool({ teams, deployments: [deployment({ isPaused: true })] });
    const news = names.map((team, index): News => {
      const booking = {
        ...held,
        id: String(index),
        model: 'model',
        enteredAtMs: held.sendAtMs,
        mostDelayMs: 0,
        why: '',
      };
      return { kind: 'released', booking: { ...booking, team } };
    });
    for (const team of names) state.teams.set(team, { first: 0, tokens: [], requests: [] });
    const asked = batch({ state, limits: closed, news, nowMs: held.sendAtMs - 3000 });
    const { results, state: after } = decideBookings({ ...asked, requests: [wake] });
    expect(results[0]).toMatchObject({ outcome: 'wait', ticket: wake.ticket });
    expect(after.line.reservations).toHaveLength(1);
  });

  it('gives a far send time back when nobody comes for it', () => {
    const filled = decideBookings(batch({ requests: [ask(9000)] }));
    const reserved = decideBookings(
      batch({ state: filled.state, nowMs: startMs + 1000, requests: [ask(5000, { lane: 'standard' })] }),
    );
    const { results } = decideBookings(
      batch({ state: reserved.state, nowMs: startMs + 70_000, requests: [ask(10_000)] }),
    );
    expect(results[0]?.outcome).toBe('booked');
  });

  it('passes over a team whose own limit is used up, and tells it when it is not', () => {
    const limits = pool({ teams: new Map([['small', { ...unknownTeam, tokensPerMinute: 1000 }]]) });
    const requests = [ask(1000, { team: 'small' }), ask(1000, { team: 'small' }), ask(1000, { team: 'big' })];
    const { results } = decideBookings(batch({ limits, requests }));
    expect(results.map(({ outcome }) => outcome)).toEqual(['booked', 'wait', 'booked']);
    expect(results[1]).toMatchObject({ reason: 'team_tpm' });
    expect(results[1]?.outcome === 'wait' ? results[1].untilMs - startMs : 0).toBeGreaterThan(50_000);
  });

  it('counts the requests of a team with an RPM of its own', () => {
    const limits = pool({ teams: new Map([['small', { ...unknownTeam, requestsPerMinute: 2 }]]) });
    const requests = Array.from({ length: 3 }, () => ask(10, { team: 'small' }));
    expect(decideBookings(batch({ limits, requests })).results[2]).toMatchObject({
      outcome: 'wait',
      reason: 'team_rpm',
    });
  });

  it('prefers deployments that have not failed in this round and takes a failed one when it is alone', () => {
    const limits = pool({ deployments: [deployment(), deployment({ name: 'west', priority: 2 })] });
    const [elsewhere] = decideBookings(batch({ limits, requests: [ask(100, { exclude: ['east'] })] })).results;
    expect(booked(elsewhere).deployment).toBe('west');
    const [alone] = decideBookings(batch({ requests: [ask(100, { exclude: ['east'] })] })).results;
    expect(booked(alone).deployment).toBe('east');
  });

  it('takes a failed deployment again where the others can never hold the job, or its lane may not use them', () => {
    const small = pool({ deployments: [deployment({ tokensPerMinute: 100_000 }), deployment({ name: 'small' })] });
    const [large] = decideBookings(batch({ limits: small, requests: [ask(20_000, { exclude: ['east'] })] })).results;
    expect(booked(large).deployment).toBe('east');
    const spilling = pool({
      deployments: [deployment({ isProvisioned: true }), deployment({ name: 'west', spill: ['interactive'] })],
    });
    const bulk = ask(100, { lane: 'bulk', exclude: ['east'] });
    expect(booked(decideBookings(batch({ limits: spilling, requests: [bulk] })).results[0]).deployment).toBe('east');
  });

  it('refuses what only a deployment could hold that its lane may not use', () => {
    const limits = pool({
      deployments: [
        deployment({ isProvisioned: true }),
        deployment({ name: 'west', tokensPerMinute: 100_000, spill: ['interactive'] }),
      ],
    });
    const requests = [ask(20_000, { lane: 'bulk' }), ask(20_000)];
    const { results } = decideBookings(batch({ limits, requests }));
    expect(results[0]).toEqual({ outcome: 'never', limitTokens: 10_000, limitOf: 'deployment', neededTokens: 20_000 });
    expect(booked(results[1]).deployment).toBe('west');
  });

  it("takes what was refused or never left out of the team's own limit, and what never left out of the deployment's", () => {
    const limits = pool({ teams: new Map([['search', { ...unknownTeam, tokensPerMinute: 10_000 }]]) });
    const first = decideBookings(batch({ limits, requests: [ask(10_000)] }));
    const booking = booked(first.results[0]);
    const told = [
      report({ booking, outcome: 'throttled', throttle: 'tokens' }),
      report({ booking, outcome: 'failed', isUnsent: true, health: 'bad' }),
    ];
    for (const call of told) {
      const news: News[] = [{ kind: 'reported', report: call }];
      const second = decideBookings(
        batch({ limits, state: first.state, nowMs: startMs + 1000, news, requests: [ask(10_000)] }),
      );
      expect(second.results[0]?.outcome).toBe('booked');
      expect(second.touchedTeams.has('search')).toBe(true);
    }
    const unknown: News[] = [{ kind: 'reported', report: report({ booking, outcome: 'failed', health: 'bad' }) }];
    const kept = decideBookings(
      batch({ limits, state: first.state, nowMs: startMs + 1000, news: unknown, requests: [ask(10_000)] }),
    );
    expect(kept.results[0]?.outcome).toBe('wait');
  });

  it('gives a recovering deployment its share of the slice too', () => {
    const limits = pool({ deployments: [deployment({ tokensPerMinute: 1_000_000 })] });
    const recovering: HealthPolicy = {
      ...alwaysHealthy,
      judge: () => ({ ...alwaysHealthy.judge(null, startMs), share: 0.1 }),
    };
    const requests = Array.from({ length: 50 }, () => ask(60));
    const { results } = decideBookings(batch({ limits, health: recovering, requests }));
    expect(results.filter(({ outcome }) => outcome === 'booked')).toHaveLength(10);
  });

  it('tells a lack of quota from a deployment that is out of service', () => {
    const closed = (breaker: 'closed' | 'open', reason: string): HealthPolicy => ({
      ...alwaysHealthy,
      judge: () => ({
        ...alwaysHealthy.judge(null, startMs),
        admits: 'none',
        untilMs: startMs + 30_000,
        breaker,
        reason,
      }),
    });
    const reasonOf = (health: HealthPolicy) => decideBookings(batch({ health, requests: [ask(10)] })).results[0];
    expect(reasonOf(closed('closed', 'throttled_tokens'))).toMatchObject({ outcome: 'wait', reason: 'tpm' });
    expect(reasonOf(closed('closed', 'throttled_capacity'))).toMatchObject({ outcome: 'wait', reason: 'breaker' });
    expect(reasonOf(closed('open', 'connect_failed'))).toMatchObject({ outcome: 'wait', reason: 'breaker' });
  });

  it.each(['interactive', 'bulk'] as const)(
    'waits in lane %s for the only deployment that can hold the job until it opens',
    (lane) => {
      const verdict = alwaysHealthy.judge(null, startMs);
      const health: HealthPolicy = {
        ...alwaysHealthy,
        judge: (state) =>
          state === 'out' ? { ...verdict, admits: 'none', untilMs: startMs + 9000, breaker: 'open' } : verdict,
      };
      const state = createPoolState();
      state.deployments.set('large', { ...createLedger(), health: 'out' });
      const limits = pool({ deployments: [deployment(), deployment({ name: 'large', tokensPerMinute: 100_000 })] });
      const [result] = decideBookings(batch({ state, limits, health, requests: [ask(50_000, { lane })] })).results;
      expect(result).toMatchObject({ outcome: 'wait', reason: 'breaker', untilMs: startMs + 9000 });
    },
  );

  it('gives a half-open deployment one probe and waits for a closed one until it opens', () => {
    const verdict = alwaysHealthy.judge(null, startMs);
    const probing: HealthPolicy = {
      ...alwaysHealthy,
      judge: () => ({ ...verdict, admits: 'probe', breaker: 'half-open' }),
    };
    const requests = [ask(10, { lane: 'standard' }), ask(10, { lane: 'standard' })];
    const outcomes = decideBookings(batch({ health: probing, requests })).results.map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['booked', 'wait']);
    const open: HealthPolicy = {
      ...alwaysHealthy,
      judge: () => ({ ...verdict, admits: 'none', untilMs: startMs + 9000, breaker: 'open' }),
    };
    const [result] = decideBookings(batch({ health: open, requests: [ask(10)] })).results;
    expect(result).toMatchObject({ outcome: 'wait', reason: 'breaker' });
    expect(result?.outcome === 'wait' ? result.untilMs : 0).toBeGreaterThan(startMs + 5000);
  });

  it('takes a job that gave up out of the line', () => {
    const requests = Array.from({ length: 60 }, () => ask(100, { lane: 'bulk' }));
    const first = decideBookings(batch({ requests }));
    const left = first.results[40];
    if (left?.outcome !== 'wait' || left.ticket === null) throw new Error('The job has to wait.');
    const place = {
      jobId: 'gone',
      team: 'search',
      lane: 'bulk',
      estimate: ask(100).estimate,
      ticket: left.ticket,
    } as const;
    const second = decideBookings(batch({ state: first.state, news: [{ kind: 'left', place }] }));
    const untilOf = (state: typeof first.state) => {
      const [last] = decideBookings(batch({ state, requests: [ask(100, { lane: 'bulk' })] })).results;
      return last?.outcome === 'wait' ? last.untilMs : 0;
    };
    expect(untilOf(first.state) - untilOf(second.state)).toBeGreaterThan(400);
  });
});
