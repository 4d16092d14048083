import type { Attempt } from '../jobs/attempt.ts';
import type { Random } from '../random.ts';
import type { Classification } from './classification.ts';
import { type BackoffSettings, computeBackoff } from './compute-backoff.ts';

/** The configuration's `retry`. */
export interface RetrySettings extends BackoffSettings {
  /** Calls in all, throttled ones not counted. */
  readonly maxAttempts: number;
  /** Retries in one round, throttled calls not counted. */
  readonly maxRetries: number;
}

/** What has happened to the job so far, the call just judged included. */
export interface RetryState {
  /** Calls made that were not throttled. */
  readonly attempts: number;
  /** Retries of this round: 0 after its first call; throttled calls are not counted. */
  readonly retriesInRound: number;
  /** Throttled calls of this round: exponent of their back-off when the service gives no hint. */
  readonly throttledInRound: number;
  /** Rounds that ended before this one: exponent of the back-off between rounds. */
  readonly rounds: number;
  /** Calls whose outcome nobody knows. */
  readonly unknownOutcomes: number;
  /** Other deployments of the pool, not yet tried in this round, whose breaker admits a call. */
  readonly deploymentsLeft: number;
  /** Whether the retry budget has room for one more extra call. */
  readonly hasBudget: boolean;
  /** For a synchronous call the moment until which its caller waits. */
  readonly deadlineAtMs: number;
  /** A caller is on the line: one round, and nothing can be parked. */
  readonly isSynchronous: boolean;
}

/**
 * `another-deployment` now; `wait` in the process for `delayMs` and book again; `requeue`: end the round (after a throttled
 * call it goes on: a deferral raises no round count), park the job
 * for `delayMs`; `give-up`: the job ends with the classification's error, or expired when `reason` is `deadline`.
 */
export interface RetryDecision {
  readonly next: 'another-deployment' | 'wait' | 'requeue' | 'give-up';
  readonly delayMs: number;
  readonly reason:
    | 'not_retryable'
    | 'deadline'
    | 'attempts_spent'
    | 'round_spent'
    | 'unknown_outcomes_spent'
    | 'retry_budget_spent'
    | 'failover'
    | 'hint'
    | 'back_off';
}

/** A worker is not kept longer than this for one job: the longest in-round delay of the defaults (4 s × 1.5). */
export const longestWaitInProcessMs = 6000;

/**
 * Decides what follows a call that was judged and did not succeed. Another deployment first, then waiting; the
 * service's hint and the back-off both hold, and no delay passes the deadline. A 429 is a deferral bounded only by the
 * deadline. What may have been billed is repeated at most `maxRetries` times per job, whatever the rounds.
 */
export function decideRetry(
  state: RetryState,
  classification: Classification,
  settings: RetrySettings,
  now: number,
  random: Random,
): RetryDecision {
  if (classification.verdict === 'succeeded' || classification.verdict === 'give-up') return giveUp('not_retryable');
  const leftMs = state.deadlineAtMs - now;
  if (leftMs <= 0) return giveUp('deadline');
  const isThrottled = classification.verdict === 'throttled';
  if (!isThrottled) {
    if (state.attempts >= settings.maxAttempts) return giveUp('attempts_spent');
    const isUnknown = classification.verdict === 'unknown-outcome';
    if (isUnknown && state.unknownOutcomes > settings.maxRetries) return giveUp('unknown_outcomes_spent');
    if (state.retriesInRound >= settings.maxRetries)
      return endRound(state, classification, settings, leftMs, random, 'round_spent');
  }
  if (!state.hasBudget) return endRound(state, classification, settings, leftMs, random, 'retry_budget_spent');
  if (state.deploymentsLeft > 0) return { next: 'another-deployment', delayMs: 0, reason: 'failover' };

  const backoffMs = computeBackoff(
    isThrottled ? Math.max(0, state.throttledInRound - 1) : state.retriesInRound,
    settings,
    random,
  );
  const hintMs = classification.coolDownMs ?? 0;
  const reason = hintMs > backoffMs ? 'hint' : 'back_off';
  return spend(state, Math.max(hintMs, backoffMs), leftMs, reason);
}

/** The counts of a `RetryState` that a job's attempts tell; the round's are those with a number above `roundAfter`. Drained ones count nowhere. */
export function countAttempts(
  attempts: readonly Attempt[],
  roundAfter: number,
): Pick<RetryState, 'attempts' | 'retriesInRound' | 'throttledInRound' | 'unknownOutcomes'> {
  const isCounted = (attempt: Attempt) => attempt.outcome !== 'throttled';
  const made = attempts.filter((attempt) => attempt.reason !== 'drain');
  const round = made.filter((attempt) => attempt.number > roundAfter);
  const countedInRound = round.filter(isCounted).length;
  return {
    attempts: made.filter(isCounted).length,
    retriesInRound: Math.max(0, countedInRound - 1),
    throttledInRound: round.length - countedInRound,
    unknownOutcomes: made.filter((attempt) => attempt.outcome === 'unknown').length,
  };
}

function endRound(
  state: RetryState,
  classification: Classification,
  settings: RetrySettings,
  leftMs: number,
  random: Random,
  reason: RetryDecision['reason'],
): RetryDecision {
  if (state.isSynchronous) return giveUp(reason);
  // A round's last delay was base × factor^(maxRetries − 1): the wait between rounds goes on from there.
  const backoffMs = computeBackoff(settings.maxRetries + state.rounds, settings, random);
  return { next: 'requeue', delayMs: Math.min(leftMs, Math.max(backoffMs, classification.coolDownMs ?? 0)), reason };
}

function spend(state: RetryState, delayMs: number, leftMs: number, reason: RetryDecision['reason']): RetryDecision {
  if (state.isSynchronous) return delayMs < leftMs ? { next: 'wait', delayMs, reason } : giveUp('deadline');
  // A job is never asleep past its deadline: it wakes there and expires, or earlier when capacity comes free.
  const bounded = Math.min(delayMs, leftMs);
  return { next: bounded <= longestWaitInProcessMs ? 'wait' : 'requeue', delayMs: bounded, reason };
}

function giveUp(reason: RetryDecision['reason']): RetryDecision {
  return { next: 'give-up', delayMs: 0, reason };
}
