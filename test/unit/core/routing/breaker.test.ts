import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  admits,
  type CallEvidence,
  isTimersToTest,
  onOutcome,
  onProbeLease,
  onProbeReturn,
  probeLeaseMs,
  rampShare,
} from '../../../../src/core/routing/breaker.ts';
import { type BreakerState, freshBreaker, readBreakerState } from '../../../../src/core/routing/breaker-state.ts';
import { addLatency, noLatency } from '../../../../src/core/routing/latency.ts';

const start = 1_000_000;
const quick = { firstByteMs: 400, latencyMs: 500, outputTokens: 50 };
const slow = { firstByteMs: 4000, latencyMs: 5000, outputTokens: 50 };
const peer = [1, 2, 3, 4].reduce((latency) => addLatency(latency, quick), noLatency);
const peers = { latencies: [peer, peer] };

const chat = '/v1/chat/completions';
/** Every call is another job's, unless a test says otherwise. */
let jobs = 0;

function call(health: CallEvidence['health'], sentAtMs: number, more: Partial<CallEvidence> = {}): CallEvidence {
  const isGood = health === 'good';
  jobs += 1;
  return {
    job: `job-${jobs}`,
    endpoint: chat,
    health,
    reason: isGood ? null : 'server_error_503',
    coolDownMs: null,
    isCapacityShort: false,
    isAnswered: isGood,
    isProbe: false,
    sentAtMs,
    sample: isGood ? quick : null,
    ...more,
  };
}
function throttle(coolDownMs: number, sentAtMs: number, isCapacityShort = false): CallEvidence {
  return call('none', sentAtMs, {
    reason: isCapacityShort ? 'throttled_capacity' : 'throttled_tokens',
    coolDownMs,
    isCapacityShort,
  });
}
/** Lets the same call be heard of `count` times, `everyMs` apart, each sent 100 ms before. */
function repeat(
  state: BreakerState,
  count: number,
  health: CallEvidence['health'],
  from: number,
  everyMs = 100,
): BreakerState {
  let next = state;
  for (let index = 0; index < count; index += 1) {
    const now = from + index * everyMs;
    next = onOutcome(next, call(health, now - 100), peers, now);
  }
  return next;
}
const opened = repeat(freshBreaker, 5, 'bad', start);
const probing = (now: number) => onProbeLease(opened, now);

describe('silence', () => {
  const mute = { reason: 'first_byte_timeout', isProbe: true } as const;
  const silent = onOutcome(freshBreaker, call('bad', start - 2000, mute), peers, start);

  it('of one cheap call opens the breaker', () => {
    expect(silent).toMatchObject({ status: 'open', reason: 'first_byte_timeout' });
  });

  it('of one job does not, nor a cheap call that was answered with an error', () => {
    const ofJob = call('bad', start - 2000, { ...mute, isProbe: false });
    const anError = call('bad', start - 2000, { isProbe: true });
    expect(onOutcome(freshBreaker, ofJob, peers, start).status).toBe('closed');
    expect(onOutcome(freshBreaker, anError, peers, start).status).toBe('closed');
  });

  it('does not, while a call that was sent after it was answered', () => {
    const heard = onOutcome(freshBreaker, call('good', start - 1000), peers, start - 100);
    expect(onOutcome(heard, call('bad', start - 2000, mute), peers, start).status).toBe('closed');
    expect(onOutcome(heard, call('bad', start - 999, mute), peers, start).status).toBe('open');
  });

  it('never takes the last deployment that takes calls', () => {
    const alone = { latencies: [] };
    expect(onOutcome(freshBreaker, call('bad', start - 2000, mute), alone, start).status).toBe('closed');
  });

  it('is tested by calls made for it, and by work only when none has come for as long as the timer may take', () => {
    expect(isTimersToTest(silent, 20_000, silent.retryAtMs + 19_999)).toBe(true);
    expect(isTimersToTest(silent, 20_000, silent.retryAtMs + 20_000)).toBe(false);
    expect(isTimersToTest(opened, 20_000, opened.retryAtMs)).toBe(false);
  });

  it('does not mix the short answers of cheap calls into the averages of work', () => {
    const known = repeat(freshBreaker, 5, 'good', start);
    const answered = call('good', start + 900, {
      isProbe: true,
      sample: { firstByteMs: 9, latencyMs: 9, outputTokens: 1 },
    });
    expect(onOutcome(known, answered, peers, start + 1000).latency).toEqual(known.latency);
  });
});

describe('a cheap call that closes the breaker', () => {
  it('leaves nothing known of what work takes: its answer is a word', () => {
    const out = onProbeLease(repeat(freshBreaker, 5, 'bad', start), start + 6000);
    const sample = { firstByteMs: 400, latencyMs: 400, outputTokens: 2 };
    const closedBy = (isProbe: boolean) =>
      onOutcome(out, call('good', start + 6000, { isProbe, sample }), peers, start + 6400);
    expect([closedBy(true).status, closedBy(true).latency]).toEqual(['closed', noLatency]);
    expect(closedBy(false).latency).toMatchObject({ firstByteMs: 400, msPerOutputToken: 200 });
  });
});

describe('opening', () => {
  it('fault 14: leaves a failing region within five failures, however well it did before', () => {
    const well = repeat(freshBreaker, 300, 'good', start, 50);
    const after = start + 20_000;
    expect(repeat(well, 3, 'bad', after).status).toBe('closed');
    expect(repeat(well, 5, 'bad', after).status).toBe('open');
  });

  it('does so though successes from before the outage come in between', () => {
    let state = repeat(freshBreaker, 50, 'good', start);
    const outage = start + 10_000;
    for (let failure = 0; failure < 5; failure += 1) {
      state = onOutcome(state, call('bad', outage + failure * 10), peers, outage + 500 + failure * 10);
      state = onOutcome(state, call('good', outage - 1000), peers, outage + 505 + failure * 10);
    }
    expect(state.status).toBe('open');
  });

  it('trips at two jobs a second when half of the calls fail', () => {
    let state = freshBreaker;
    let failures = 0;
    for (let index = 0; state.status === 'closed' && index < 60; index += 1) {
      const now = start + index * 500;
      failures += index % 2;
      state = onOutcome(state, call(index % 2 === 1 ? 'bad' : 'good', now - 100), peers, now);
    }
    expect([state.status, failures <= 5]).toEqual(['open', true]);
  });

  it('bears one failure in ten', () => {
    let state = freshBreaker;
    for (let index = 0; index < 1000; index += 1) {
      const now = start + index * 200;
      state = onOutcome(state, call(index % 10 === 0 ? 'bad' : 'good', now - 100), peers, now);
    }
    expect(state.status).toBe('closed');
  });

  it('says why and since when', () => {
    expect(opened).toMatchObject({ status: 'open', reason: 'server_error_503', sinceMs: start + 300 });
  });

  it('leaves a deployment with a credential fault at once for 30 s, without a mark on its record', () => {
    const fault = call('credential', start, { reason: 'credential_rejected' });
    const state = onOutcome(freshBreaker, fault, peers, start + 50);
    expect(state).toMatchObject({
      status: 'open',
      reason: 'credential_rejected',
      ejections: 0,
      failures: { streak: 0 },
    });
    expect(admits(state, start + 30_049).admits).toBe('none');
    expect(admits(state, start + 30_050).admits).toBe('probe');
  });

  it('counts a job once: what it asks may fail everywhere', () => {
    const poison = (state: BreakerState, now: number) => onOutcome(state, call('bad', now, { job: 'one' }), peers, now);
    let state = freshBreaker;
    for (let count = 0; count < 20; count += 1) state = poison(state, start + count * 1000);
    expect(state).toMatchObject({ status: 'closed', failures: { streak: 1 } });
    // The next ones of the same seconds, by others, are evidence.
    expect(repeat(state, 3, 'bad', start + 20_000).status).toBe('open');
  });

  it('is not moved by our own aborts', () => {
    expect(repeat(freshBreaker, 100, 'none', start)).toEqual(freshBreaker);
  });
});

describe('a deployment or operation that is said not to exist', () => {
  const missing = { reason: 'deployment_not_found', endpoint: '/v1/responses' } as const;
  const miss = (state: BreakerState, now: number, more: Partial<CallEvidence> = {}) =>
    onOutcome(state, call('configuration', now, { ...missing, ...more }), peers, now);

  it('is left for 30 s once three different jobs agree', () => {
    const twice = miss(miss(freshBreaker, start), start + 100);
    expect(twice.status).toBe('closed');
    const thrice = miss(twice, start + 200);
    expect(thrice).toMatchObject({ status: 'open', reason: 'deployment_not_found', retryAtMs: start + 30_200 });
  });

  it('is not left over one job, however often it asks, nor over misses five minutes apart', () => {
    let state = freshBreaker;
    for (let count = 0; count < 10; count += 1) state = miss(state, start + count * 1000, { job: 'one' });
    expect(state.status).toBe('closed');
    for (let count = 0; count < 10; count += 1) state = miss(state, start + (count + 1) * 300_000);
    expect(state.status).toBe('closed');
  });

  it('is there while it has answered another operation well within five minutes', () => {
    const well = onOutcome(freshBreaker, call('good', start), peers, start);
    let state = well;
    for (let count = 0; count < 10; count += 1) state = miss(state, start + count * 1000);
    expect(state.status).toBe('closed');
    for (let count = 0; count < 3; count += 1) state = miss(state, start + 300_000 + count);
    expect(state.status).toBe('open');
  });

  it('is missing where the same operation was well before', () => {
    let state = onOutcome(freshBreaker, call('good', start), peers, start);
    for (let count = 0; count < 3; count += 1) state = miss(state, start + 1000 + count, { endpoint: chat });
    expect(state.status).toBe('open');
  });

  it('is missing where it served two operations and now serves neither', () => {
    let state = onOutcome(freshBreaker, call('good', start), peers, start);
    state = onOutcome(state, call('good', start, { endpoint: '/v1/responses' }), peers, start);
    for (let count = 0; count < 4; count += 1)
      state = miss(state, start + 1000 + count, { endpoint: count % 2 === 0 ? chat : '/v1/responses' });
    expect(state.status).toBe('open');
  });

  it('keeps no deployment out when its probe asks for the wrong operation', () => {
    const well = onOutcome(freshBreaker, call('good', start - 1000), peers, start - 1000);
    const out = repeat(well, 5, 'bad', start);
    const probe = onProbeLease(out, start + 6000);
    const after = miss(probe, start + 6100);
    expect(admits(after, start + 6100).admits).toBe('probe');
    const alone = onProbeLease(opened, start + 6000);
    expect(admits(miss(alone, start + 6100), start + 30_000).admits).toBe('none');
  });
});

describe('slowness', () => {
  const hear = (state: BreakerState, sample: typeof slow, now: number, others = peers) =>
    onOutcome(state, call('good', now - sample.latencyMs, { sample }), others, now);
  const used = repeat(freshBreaker, 10, 'good', start);

  it('ejects a region that answers ten times slower than its peers after two such answers', () => {
    const once = hear(used, slow, start + 10_000);
    expect(once.status).toBe('closed');
    expect(hear(once, slow, start + 10_100)).toMatchObject({ status: 'open', reason: 'slow' });
  });

  it('forgives one stray answer, even a hundred times slower', () => {
    let state = hear(used, { firstByteMs: 40_000, latencyMs: 50_000, outputTokens: 50 }, start + 10_000);
    for (let index = 1; index < 50; index += 1) state = hear(state, quick, start + 10_000 + index * 100);
    expect(state.status).toBe('closed');
  });

  it('does not take long answers for slow ones', () => {
    let state = used;
    for (let index = 1; index < 20; index += 1)
      state = hear(state, { firstByteMs: 8000, latencyMs: 8000, outputTokens: 1000 }, start + index * 1000);
    expect(state.status).toBe('closed');
  });

  it('never ejects the last one that takes calls', () => {
    let state = used;
    for (let index = 1; index < 20; index += 1) state = hear(state, slow, start + index * 1000, { latencies: [] });
    expect(state.status).toBe('closed');
  });

  it('lets it back when its probe is quick, not when it is slow', () => {
    const out = hear(hear(used, slow, start + 10_000), slow, start + 10_100);
    const leased = onProbeLease(out, start + 16_000);
    expect(onOutcome(leased, call('good', start + 16_000, { sample: slow }), peers, start + 21_000)).toMatchObject({
      status: 'open',
      reason: 'slow',
      ejections: 2,
    });
    expect(onOutcome(leased, call('good', start + 16_000), peers, start + 16_500)).toMatchObject({
      status: 'closed',
      reason: null,
      latency: { firstByteMs: 400 },
    });
  });
});

describe('cooling after a 429', () => {
  it('takes nothing until the hint has passed, then everything, and marks no failure', () => {
    const state = onOutcome(freshBreaker, throttle(20_000, start), peers, start);
    expect(admits(state, start + 19_999)).toEqual({ admits: 'none', untilMs: start + 20_000 });
    expect(admits(state, start + 20_000).admits).toBe('all');
    expect(state).toMatchObject({
      status: 'closed',
      ejections: 0,
      failures: { streak: 0 },
      reason: 'throttled_tokens',
      sinceMs: start,
    });
  });

  it('is extended by a later and longer hint, never shortened', () => {
    const state = onOutcome(freshBreaker, throttle(20_000, start), peers, start);
    expect(onOutcome(state, throttle(1000, start), peers, start + 500).coolUntilMs).toBe(start + 20_000);
    expect(onOutcome(state, throttle(60_000, start), peers, start + 500).coolUntilMs).toBe(start + 60_500);
    expect(onOutcome(state, call('good', start), peers, start + 500).coolUntilMs).toBe(start + 20_000);
  });

  it('for lack of capacity ends with one probe', () => {
    const state = onOutcome(freshBreaker, throttle(20_000, start, true), peers, start);
    expect(admits(state, start + 20_000).admits).toBe('probe');
    const leased = onProbeLease(state, start + 20_000);
    expect(admits(leased, start + 20_001).admits).toBe('none');
    expect(admits(onOutcome(leased, call('good', start + 20_000), peers, start + 20_400), start + 20_400).admits).toBe(
      'all',
    );
    const again = onOutcome(leased, throttle(20_000, start + 20_000, true), peers, start + 20_400);
    expect(admits(again, start + 40_399).admits).toBe('none');
    expect(admits(again, start + 40_400).admits).toBe('probe');
  });

  it('holds an open breaker open for longer', () => {
    const state = onOutcome(opened, throttle(40_000, start), peers, start + 1000);
    expect(admits(state, start + 40_999).admits).toBe('none');
    expect(admits(state, start + 41_000).admits).toBe('probe');
  });
});

describe('half-opening', () => {
  it('takes nothing while open, then exactly one probe', () => {
    expect(admits(opened, start + 5299).admits).toBe('none');
    expect(admits(opened, start + 5300).admits).toBe('probe');
    expect(admits(probing(start + 5300), start + 5301)).toEqual({
      admits: 'none',
      untilMs: start + 5300 + probeLeaseMs,
    });
  });

  it('closes when the probe succeeds', () => {
    const closed = onOutcome(probing(start + 6000), call('good', start + 6000), peers, start + 6500);
    expect(closed).toMatchObject({ status: 'closed', reason: null, sinceMs: null });
    expect(admits(closed, start + 6500).admits).toBe('all');
  });

  it('stays out for 5, 8 and then 8 s while probes fail', () => {
    let state = opened;
    let now = start + 300;
    const pauses: number[] = [];
    for (let probe = 0; probe < 5; probe += 1) {
      pauses.push(admits(state, now).untilMs - now);
      now = admits(state, now).untilMs;
      state = onOutcome(onProbeLease(state, now), call('bad', now), peers, now);
    }
    expect(pauses).toEqual([5000, 8000, 8000, 8000, 8000]);
    expect(state.sinceMs).toBe(start + 300);
  });

  it('counts openings from one again after a quiet minute', () => {
    const closed = onOutcome(probing(start + 6000), call('good', start + 6000), peers, start + 6500);
    expect(repeat(closed, 5, 'bad', start + 20_000).ejections).toBe(2);
    expect(repeat(closed, 5, 'bad', start + 90_000).ejections).toBe(1);
  });

  it('stays out for 5 s each time while probes are swallowed: each has taken its own six already', () => {
    let state = opened;
    for (let probe = 0; probe < 4; probe += 1) {
      const sentMs = state.retryAtMs;
      const failedMs = sentMs + probeLeaseMs;
      const swallowed = call('bad', sentMs, { isProbe: true, reason: 'first_byte_timeout' });
      state = onOutcome(onProbeLease(state, sentMs), swallowed, peers, failedMs);
      expect([state.status, state.retryAtMs - failedMs]).toEqual(['open', 5000]);
    }
  });

  it('hears nobody but the probe', () => {
    const state = probing(start + 6000);
    expect(onOutcome(state, call('good', start + 5299), peers, start + 6100)).toEqual(state);
    expect(onOutcome(state, call('bad', start + 5999), peers, start + 6100)).toEqual(state);
    expect(onOutcome(opened, call('good', start), peers, start + 1000)).toEqual(opened);
    expect(onOutcome(opened, call('bad', start), peers, start + 1000)).toEqual(opened);
  });

  it('gives the probe to another when it is not heard of', () => {
    const state = probing(start + 6000);
    expect(admits(state, start + 6000 + probeLeaseMs).admits).toBe('probe');
    expect(admits(onProbeLease(state, start + 20_000), start + 20_001).admits).toBe('none');
  });

  it('believes a probe that succeeds after its lease, and only that', () => {
    const again = onProbeLease(probing(start + 6000), start + 6000 + probeLeaseMs);
    const late = start + 20_000;
    expect(onOutcome(again, call('good', start + 6000), peers, late).status).toBe('closed');
    expect(onOutcome(again, call('bad', start + 6000), peers, late)).toEqual(again);
    expect(onOutcome(again, call('none', start + 6000), peers, late)).toEqual(again);
    // Slow as it was: the newer probe, which is out, decides.
    const lateSample = { firstByteMs: 40_000, latencyMs: 50_000, outputTokens: 50 };
    expect(onOutcome(again, call('good', start + 6000, { sample: lateSample }), peers, late)).toEqual(again);
  });

  it('hands on a probe that was not sent', () => {
    const returned = onProbeReturn(probing(start + 6000), start + 6020, start + 6100);
    expect(admits(returned, start + 6100).admits).toBe('probe');
    const other = onProbeLease(probing(start + 6000), start + 20_000);
    expect(onProbeReturn(other, start + 6020, start + 20_001)).toEqual(other);
    expect(onProbeReturn(opened, start + 6020, start + 20_001)).toEqual(opened);
  });

  it('gives the probe to another when it taught nothing', () => {
    expect(
      admits(onOutcome(probing(start + 6000), call('none', start + 6000), peers, start + 6500), start + 6500).admits,
    ).toBe('probe');
  });

  it('does not count calls from before the recovery', () => {
    const closed = onOutcome(probing(start + 6000), call('good', start + 6000), peers, start + 6500);
    let state = closed;
    for (let late = 0; late < 20; late += 1) state = onOutcome(state, call('bad', start), peers, start + 7000 + late);
    expect(state).toEqual(closed);
  });

  it('ramps up for ten seconds', () => {
    const closed = onOutcome(probing(start + 6000), call('good', start + 6000), peers, start + 6500);
    expect([0, 1000, 5000, 10_000, 99_000].map((later) => rampShare(closed, start + 6500 + later))).toEqual([
      0.1, 0.1, 0.5, 1, 1,
    ]);
    expect(rampShare(freshBreaker, start)).toBe(1);
  });

  it('is back within 15 s of a recovery, whenever that comes', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 200_000 }), (outageMs) => {
        let state = freshBreaker;
        let now = start;
        while (state.status !== 'closed' || now < start + outageMs) {
          now += 100;
          const { admits: what } = admits(state, now);
          if (what === 'none') continue;
          if (what === 'probe') state = onProbeLease(state, now);
          state = onOutcome(state, call(now < start + outageMs ? 'bad' : 'good', now), peers, now);
          if (now > start + outageMs + 60_000) return false;
        }
        return now <= start + outageMs + 15_000;
      }),
    );
  });
});

describe('whatever happens', () => {
  const evidence = fc.record({
    health: fc.constantFrom('good', 'bad', 'none', 'credential', 'configuration') as fc.Arbitrary<
      CallEvidence['health']
    >,
    coolDownMs: fc.option(fc.integer({ min: 0, max: 300_000 })),
    isCapacityShort: fc.boolean(),
    isSlow: fc.boolean(),
    stepMs: fc.integer({ min: 0, max: 20_000 }),
    ageMs: fc.integer({ min: 0, max: 20_000 }),
  });

  it('it never takes calls before its time, lends one probe at a time, and a cool-down never shrinks', () => {
    fc.assert(
      fc.property(fc.array(evidence, { maxLength: 60 }), (events) => {
        let state: BreakerState = freshBreaker;
        let now = start;
        for (const event of events) {
          now += event.stepMs;
          const before = admits(state, now);
          if (state.status === 'open' && now < state.retryAtMs && before.admits !== 'none') return false;
          if (now < state.coolUntilMs && before.admits !== 'none') return false;
          if (before.admits === 'probe') {
            state = onProbeLease(state, now);
            if (admits(state, now).admits !== 'none') return false;
          }
          const coolUntilMs = state.coolUntilMs;
          const sample = event.health === 'good' ? (event.isSlow ? slow : quick) : null;
          state = onOutcome(
            state,
            {
              ...call(event.health, now - event.ageMs),
              coolDownMs: event.coolDownMs,
              isCapacityShort: event.isCapacityShort,
              sample,
            },
            peers,
            now,
          );
          if (state.coolUntilMs < coolUntilMs) return false;
          if (JSON.stringify(readBreakerState(JSON.parse(JSON.stringify(state)))) !== JSON.stringify(state))
            return false;
          if (state.failures.buckets.length > 7) return false;
        }
        return true;
      }),
    );
  });

  it.each([
    null,
    undefined,
    1,
    'x',
    [],
    {},
    { v: 2 },
    { ...freshBreaker, status: 'ajar' },
    { ...freshBreaker, retryAtMs: 'soon' },
    { ...freshBreaker, probe: {} },
  ])('a stored %j is read as fresh', (stored) => {
    expect(readBreakerState(stored)).toEqual(freshBreaker);
  });
});
