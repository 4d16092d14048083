import { describe, expect, it } from 'vitest';
import type { CallReport } from '../../../../src/core/capacity/capacity.ts';
import { breakerPolicy, findBreakerNews, makeBreakerPolicy } from '../../../../src/core/routing/breaker-policy.ts';

const now = 1_000_000;
const report: CallReport = {
  jobId: 'job_1',
  endpoint: '/v1/chat/completions',
  booking: {
    id: 'b',
    model: 'm',
    team: 't',
    lane: 'standard',
    deployment: 'eastus',
    sendAtMs: now,
    enteredAtMs: now,
    tokens: 1,
    mostDelayMs: 250,
    why: 'priority',
  },
  sentAtMs: now,
  outcome: 'succeeded',
  reason: null,
  statusCode: 200,
  health: 'good',
  throttle: null,
  coolDownMs: null,
  remainingTokens: null,
  limitTokens: null,
  firstByteMs: 100,
  latencyMs: 120,
  usage: { inputTokens: 5, cachedInputTokens: 0, outputTokens: 10, reasoningTokens: 0 },
};
const failed: CallReport = {
  ...report,
  outcome: 'failed',
  reason: 'server_error_503',
  statusCode: 503,
  health: 'bad',
  firstByteMs: null,
};

/** What a row does to a state. */
const store = (state: unknown): unknown => JSON.parse(JSON.stringify(state));

function fail(state: unknown, times: number): { state: unknown; transitions: number } {
  let next = state;
  let transitions = 0;
  for (let index = 0; index < times; index += 1) {
    const learnt = breakerPolicy.learn(store(next), { ...failed, jobId: `job_${index}` }, now + index, []);
    next = learnt.state;
    transitions += Number(learnt.isTransition);
  }
  return { state: next, transitions };
}

describe('the breaker beside a timer', () => {
  const silent = breakerPolicy.learn(null, { ...failed, reason: 'first_byte_timeout', isTest: true }, now, [
    null,
  ]).state;

  it.each([
    [5000, 20_000],
    [60_000, 75_000],
  ])('that looks every %d ms leaves a silent deployment to it for %d ms past its time', (probeGapMs, timersMs) => {
    const policy = makeBreakerPolicy(probeGapMs);
    const dueMs = policy.judge(silent, now).untilMs;
    expect(policy.judge(silent, dueMs + timersMs - 1)).toMatchObject({ admits: 'probe', isTimersToTest: true });
    expect(policy.judge(silent, dueMs + timersMs)).toMatchObject({ admits: 'probe', isTimersToTest: false });
  });
});

describe('the breaker in a row', () => {
  it('begins closed with nothing known', () => {
    expect(breakerPolicy.judge(null, now)).toMatchObject({
      admits: 'all',
      untilMs: now,
      breaker: 'closed',
      reason: null,
      sinceMs: null,
    });
  });

  it('opens with one transition and tells why', () => {
    const { state, transitions } = fail(null, 8);
    expect(transitions).toBe(1);
    expect(breakerPolicy.judge(store(state), now + 10)).toMatchObject({
      admits: 'none',
      untilMs: now + 5003,
      breaker: 'open',
      reason: 'server_error_503',
      sinceMs: now + 3,
    });
    expect(findBreakerNews(null, state)).toEqual({ name: 'breaker_opened', reason: 'server_error_503' });
  });

  it('lends one probe, and its success is news', () => {
    const open = fail(null, 5).state;
    const leased = breakerPolicy.takeProbe(store(open), now + 6000);
    expect(breakerPolicy.judge(open, now + 6000)).toMatchObject({ admits: 'probe', breaker: 'open' });
    expect(breakerPolicy.judge(store(leased), now + 6001)).toMatchObject({ admits: 'none', breaker: 'half-open' });
    expect(findBreakerNews(open, leased)).toBeNull();
    const { state, isTransition } = breakerPolicy.learn(
      store(leased),
      { ...report, sentAtMs: now + 6000 },
      now + 6200,
      [],
    );
    expect(isTransition).toBe(true);
    expect(breakerPolicy.judge(state, now + 6200)).toMatchObject({ admits: 'all', breaker: 'closed', reason: null });
    expect(findBreakerNews(leased, state)).toEqual({ name: 'breaker_closed', reason: 'server_error_503' });
  });

  it('commits a cool-down at once and tells it as long as it lasts', () => {
    const { state, isTransition } = breakerPolicy.learn(
      null,
      { ...failed, health: 'none', reason: 'throttled_tokens', throttle: 'tokens', coolDownMs: 9000 },
      now,
      [],
    );
    expect(isTransition).toBe(true);
    expect(breakerPolicy.judge(state, now + 1)).toMatchObject({
      admits: 'none',
      untilMs: now + 9000,
      breaker: 'closed',
      reason: 'throttled_tokens',
      sinceMs: now,
    });
    expect(breakerPolicy.judge(state, now + 9000)).toMatchObject({ admits: 'all', reason: null });
    expect(findBreakerNews(null, state)).toBeNull();
  });

  it('tells of an opening once, however often its probes fail, and of a probe after a lack of capacity not at all', () => {
    const opened = fail(null, 4).state;
    const probing = breakerPolicy.takeProbe(store(opened), now + 6000);
    const again = breakerPolicy.learn(store(probing), { ...failed, sentAtMs: now + 6000 }, now + 6100, []).state;
    expect(findBreakerNews(null, opened)).toEqual({ name: 'breaker_opened', reason: 'server_error_503' });
    expect([findBreakerNews(opened, probing), findBreakerNews(probing, again)]).toEqual([null, null]);
    const short = {
      ...failed,
      health: 'none',
      reason: 'throttled_capacity',
      throttle: 'capacity',
      coolDownMs: 4000,
    } as const;
    const cooling = breakerPolicy.learn(null, short, now, []).state;
    const tested = breakerPolicy.takeProbe(store(cooling), now + 5000);
    const well = breakerPolicy.learn(store(tested), { ...report, sentAtMs: now + 5000 }, now + 5500, []).state;
    expect(breakerPolicy.judge(well, now + 5500)).toMatchObject({ admits: 'all', breaker: 'closed' });
    expect([findBreakerNews(null, cooling), findBreakerNews(tested, well)]).toEqual([null, null]);
  });

  it('is told no news by a success', () => {
    expect(breakerPolicy.learn(null, report, now, []).isTransition).toBe(false);
  });

  it('compares slowness with deployments that take calls, not with those that are out', () => {
    let peer: unknown = null;
    let own: unknown = null;
    for (let index = 0; index < 4; index += 1) {
      peer = breakerPolicy.learn(peer, report, now, []).state;
      own = breakerPolicy.learn(own, report, now, []).state;
    }
    const out = fail(peer, 5).state;
    const late = { ...report, firstByteMs: 4000, latencyMs: 4800 };
    let beside = own;
    let alone = own;
    for (let index = 0; index < 3; index += 1) {
      beside = breakerPolicy.learn(beside, late, now + 10 + index, [peer, out]).state;
      alone = breakerPolicy.learn(alone, late, now + 10 + index, [out]).state;
    }
    expect(breakerPolicy.judge(beside, now + 20)).toMatchObject({ breaker: 'open', reason: 'slow' });
    expect(breakerPolicy.judge(alone, now + 20)).toMatchObject({ breaker: 'closed' });
  });
});
