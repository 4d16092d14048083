import { type Latency, noLatency } from '../routing/latency.ts';
import type { CallReport } from './capacity.ts';

/** A breaker's state as the deployment's row carries it: JSON that only the policy that made it understands; null = nothing known. */
export type HealthState = unknown;

/** Whether a deployment takes calls now: all, one probe, or none before `untilMs`. */
export interface HealthVerdict {
  readonly admits: 'all' | 'probe' | 'none';
  readonly untilMs: number;
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly reason: string | null;
  readonly sinceMs: number | null;
  /** The part of its quota that a deployment is given while it recovers, above 0 to 1. */
  readonly share: number;
  /** Whether its one probe is only for calls made to test it, not for users' work. */
  readonly isTimersToTest?: boolean;
  readonly latency: Latency;
  /** When the newest call that was answered had been sent; 0 or absent: none. */
  readonly heardMs?: number;
}

/** Port inside policy: the breaker, as booking needs it. Pure; states are replaced, never changed. */
export interface HealthPolicy {
  judge(state: HealthState, nowMs: number): HealthVerdict;
  /** The state after the one probe was given out. */
  takeProbe(state: HealthState, nowMs: number): HealthState;
  /** The state after a probe that was given out for `sendAtMs` came back unsent: the next one may go at once. */
  returnProbe(state: HealthState, sendAtMs: number, nowMs: number): HealthState;
  /** What a call taught; a transition is committed at once. `others` are the pool's other deployments: at most N−1 are ejected. */
  learn(
    state: HealthState,
    report: CallReport,
    nowMs: number,
    others: readonly HealthState[],
  ): { readonly state: HealthState; readonly isTransition: boolean };
  /** What operators must hear of between two states of one deployment; null when there is nothing. */
  findNews(before: HealthState, after: HealthState): HealthNews | null;
}

/** A breaker that opened or closed, and why it had opened. */
export interface HealthNews {
  readonly name: 'breaker_opened' | 'breaker_closed';
  readonly reason: string | null;
}

/** A policy for which every deployment is always healthy: benches and tests of booking alone. */
export const alwaysHealthy: HealthPolicy = {
  judge: () => ({
    admits: 'all',
    untilMs: 0,
    breaker: 'closed',
    reason: null,
    sinceMs: null,
    share: 1,
    latency: noLatency,
  }),
  takeProbe: (state) => state,
  returnProbe: (state) => state,
  learn: (state) => ({ state, isTransition: false }),
  findNews: () => null,
};
