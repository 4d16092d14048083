import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { classifyOutcome } from '../../../../src/core/retry/classify-outcome.ts';
import { computeBackoff } from '../../../../src/core/retry/compute-backoff.ts';
import { countAttempts, decideRetry, type RetryState } from '../../../../src/core/retry/retry-policy.ts';

const settings = {
  maxAttempts: 12,
  maxRetries: 3,
  baseDelayMs: 1000,
  maxDelayMs: 60_000,
  exponentialBase: 2,
  jitter: true,
};
const middle = { next: () => 0.5, hex: () => '' };
const fresh: RetryState = {
  attempts: 1,
  retriesInRound: 0,
  throttledInRound: 0,
  rounds: 0,
  unknownOutcomes: 0,
  deploymentsLeft: 0,
  hasBudget: true,
  deadlineAtMs: 3_600_000,
  isSynchronous: false,
};
function answered(statusCode: number, headers: Record<string, string> = {}) {
  return classifyOutcome(
    '/v1/chat/completions',
    { kind: 'answered', statusCode, headers, requestId: null, body: null, text: '', firstByteMs: 1, latencyMs: 1 },
    0,
  );
}
const reset = classifyOutcome(
  '/v1/chat/completions',
  { kind: 'unanswered', fault: 'reset', sent: true, statusCode: null, latencyMs: 1 },
  0,
);
const decide = (state: Partial<RetryState>, classification = answered(503), now = 0) =>
  decideRetry({ ...fresh, ...state }, classification, settings, now, middle);

describe('computeBackoff', () => {
  it('doubles from the base up to the maximum, exactly as configured', () => {
    const plain = { ...settings, jitter: false };
    expect([0, 1, 2, 3, 4, 5, 6, 7, 50].map((retry) => computeBackoff(retry, plain, middle))).toEqual([
      1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000,
    ]);
    expect(
      [0, 1, 2].map((retry) =>
        computeBackoff(retry, { ...plain, baseDelayMs: 200, exponentialBase: 3, maxDelayMs: 1000 }, middle),
      ),
    ).toEqual([200, 600, 1000]);
  });

  it('keeps jitter within 0.5–1.5 of the delay, and uses that range, over 10,000 draws', () => {
    let least = Number.POSITIVE_INFINITY;
    let most = 0;
    const random = { next: Math.random, hex: () => '' };
    for (let draw = 0; draw < 10_000; draw += 1) {
      const delayMs = computeBackoff(2, settings, random);
      least = Math.min(least, delayMs);
      most = Math.max(most, delayMs);
    }
    expect(least).toBeGreaterThanOrEqual(2000);
    expect(most).toBeLessThanOrEqual(6000);
    expect(least).toBeLessThan(2100);
    expect(most).toBeGreaterThan(5900);
  });

  it('never passes the maximum, jitter included', () => {
    fc.assert(
      fc.property(fc.nat(1000), fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (retry, drawn) => {
        const delayMs = computeBackoff(retry, settings, { next: () => drawn, hex: () => '' });
        return delayMs >= 500 && delayMs <= 60_000;
      }),
    );
  });
});

describe('decideRetry', () => {
  it('gives up at once on what would fail anywhere', () => {
    expect(decide({ deploymentsLeft: 2 }, answered(400))).toEqual({
      next: 'give-up',
      delayMs: 0,
      reason: 'not_retryable',
    });
  });

  it('goes to another deployment without a delay before it waits', () => {
    expect(decide({ deploymentsLeft: 1 })).toEqual({ next: 'another-deployment', delayMs: 0, reason: 'failover' });
  });

  it.each([
    [0, 1000],
    [1, 2000],
    [2, 4000],
  ])('waits the back-off when no other deployment is left (retry %i: %i ms)', (retriesInRound, delayMs) => {
    expect(decide({ retriesInRound })).toEqual({ next: 'wait', delayMs, reason: 'back_off' });
  });

  it('ends the round after three retries, and each round waits longer', () => {
    expect(decide({ attempts: 4, retriesInRound: 3, deploymentsLeft: 2 })).toEqual({
      next: 'requeue',
      delayMs: 8000,
      reason: 'round_spent',
    });
    expect(decide({ attempts: 8, retriesInRound: 3, rounds: 1 })).toMatchObject({ next: 'requeue', delayMs: 16_000 });
  });

  it('gives a synchronous call one round', () => {
    expect(decide({ attempts: 4, retriesInRound: 3, isSynchronous: true, deploymentsLeft: 2 })).toMatchObject({
      next: 'give-up',
      reason: 'round_spent',
    });
  });

  it('stops at twelve calls in all', () => {
    expect(decide({ attempts: 12, deploymentsLeft: 2 })).toMatchObject({ next: 'give-up', reason: 'attempts_spent' });
    expect(decide({ attempts: 11, deploymentsLeft: 2 })).toMatchObject({ next: 'another-deployment' });
  });

  it('lets the hint hold where it is longer than the back-off, and the back-off where the hint is 0', () => {
    expect(decide({ throttledInRound: 1 }, answered(429, { 'retry-after': '5' }))).toEqual({
      next: 'wait',
      delayMs: 5000,
      reason: 'hint',
    });
    expect(decide({ throttledInRound: 1 }, answered(429, { 'retry-after': '0' }))).toEqual({
      next: 'wait',
      delayMs: 1000,
      reason: 'back_off',
    });
    expect(decide({ throttledInRound: 3 }, answered(429, { 'retry-after': '0' }))).toMatchObject({
      delayMs: 4000,
      reason: 'back_off',
    });
    expect(decide({ retriesInRound: 3 }, answered(503, { 'retry-after': '30' }))).toMatchObject({
      next: 'requeue',
      delayMs: 30_000,
    });
  });

  it('treats a 429 as a deferral that spends neither attempts nor the round', () => {
    expect(
      decide({ attempts: 12, retriesInRound: 3, throttledInRound: 40, deploymentsLeft: 1 }, answered(429)),
    ).toMatchObject({ next: 'another-deployment' });
    expect(
      decide({ attempts: 12, retriesInRound: 3, throttledInRound: 2 }, answered(429, { 'retry-after': '20' })),
    ).toEqual({ next: 'requeue', delayMs: 20_000, reason: 'hint' });
  });

  it('parks a job at its deadline at the latest, whatever the hint', () => {
    expect(decide({ deadlineAtMs: 45_000 }, answered(429, { 'retry-after': '86400' }))).toEqual({
      next: 'requeue',
      delayMs: 45_000,
      reason: 'hint',
    });
    expect(decide({ deadlineAtMs: 45_000 }, answered(429, { 'retry-after': '86400' }), 45_000)).toEqual({
      next: 'give-up',
      delayMs: 0,
      reason: 'deadline',
    });
  });

  it('does not keep a synchronous caller for a wait it cannot sit out', () => {
    expect(decide({ isSynchronous: true, deadlineAtMs: 30_000 }, answered(429, { 'retry-after': '10' }))).toMatchObject(
      { next: 'wait', delayMs: 10_000 },
    );
    expect(decide({ isSynchronous: true, deadlineAtMs: 30_000 }, answered(429, { 'retry-after': '31' }))).toMatchObject(
      { next: 'give-up', reason: 'deadline' },
    );
  });

  it('repeats what may have been billed three times at most, whatever the rounds', () => {
    expect(decide({ unknownOutcomes: 3, deploymentsLeft: 1 }, reset)).toMatchObject({ next: 'another-deployment' });
    expect(decide({ unknownOutcomes: 4, deploymentsLeft: 1 }, reset)).toMatchObject({
      next: 'give-up',
      reason: 'unknown_outcomes_spent',
    });
  });

  it('makes no extra call without budget', () => {
    expect(decide({ hasBudget: false, deploymentsLeft: 2 })).toMatchObject({
      next: 'requeue',
      reason: 'retry_budget_spent',
    });
    expect(decide({ hasBudget: false, deploymentsLeft: 2, isSynchronous: true })).toMatchObject({
      next: 'give-up',
      reason: 'retry_budget_spent',
    });
  });

  it('never delays past the deadline and never decides negatively', () => {
    fc.assert(
      fc.property(
        fc.record({
          attempts: fc.nat(15),
          retriesInRound: fc.nat(5),
          throttledInRound: fc.nat(20),
          rounds: fc.nat(20),
          unknownOutcomes: fc.nat(5),
          deploymentsLeft: fc.nat(3),
          hasBudget: fc.boolean(),
          deadlineAtMs: fc.nat(100_000),
          isSynchronous: fc.boolean(),
        }),
        fc.constantFrom(answered(503), answered(429), answered(429, { 'retry-after': '86400' }), answered(400), reset),
        (state, classification) => {
          const decision = decide(state, classification);
          return (
            decision.delayMs >= 0 &&
            decision.delayMs <= state.deadlineAtMs &&
            (decision.next !== 'requeue' || !state.isSynchronous)
          );
        },
      ),
    );
  });
});

describe('countAttempts', () => {
  const attempt = (
    number: number,
    outcome: 'throttled' | 'failed' | 'unknown' | 'aborted',
    reason: string | null = null,
  ) => ({
    number,
    deployment: 'a',
    region: 'a',
    statusCode: null,
    startedAtMs: 0,
    latencyMs: 0,
    outcome,
    reason,
  });
  it('counts throttled calls apart, drained ones not at all, and the round by attempt numbers', () => {
    const attempts = [
      attempt(1, 'failed'),
      attempt(2, 'aborted', 'drain'),
      attempt(3, 'unknown'),
      attempt(4, 'throttled'),
      attempt(6, 'failed'),
      attempt(7, 'throttled'),
      attempt(8, 'failed'),
    ];
    expect(countAttempts(attempts, 3)).toEqual({
      attempts: 4,
      retriesInRound: 1,
      throttledInRound: 2,
      unknownOutcomes: 1,
    });
    expect(countAttempts([attempt(1, 'throttled')], 0)).toEqual({
      attempts: 0,
      retriesInRound: 0,
      throttledInRound: 1,
      unknownOutcomes: 0,
    });
  });
});
