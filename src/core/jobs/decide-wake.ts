import type { LiveJob } from './live-job.ts';

/** A wake-up this much ahead of the job's due time is an old one: another, later message stands for the job. */
export const earlyToleranceMs = 2000;

/** Workers lost over one job before it is given up. */
export const maxRescues = 3;

/** What a wake-up means for the job it points to. */
export type WakeDecision =
  /** Somebody works on it, or a later message stands for it: end silently. */
  | { readonly outcome: 'ignore'; readonly reason: 'leased' | 'early' }
  /** Its worker died: account for the lost attempt, then look again. */
  | { readonly outcome: 'rescue' }
  | { readonly outcome: 'end'; readonly status: 'cancelled' | 'expired' }
  | { readonly outcome: 'proceed' };

/** Decides what a wake-up does; the row is the truth, the message only a pointer. */
export function decideWake(live: LiveJob, nowMs: number): WakeDecision {
  if (live.state === 'running') {
    const isLeased = live.lease !== null && live.lease.untilMs > nowMs;
    return isLeased ? { outcome: 'ignore', reason: 'leased' } : { outcome: 'rescue' };
  }
  if (live.cancelRequested) return { outcome: 'end', status: 'cancelled' };
  if (live.deadlineAtMs <= nowMs) return { outcome: 'end', status: 'expired' };
  if (live.dueAtMs > nowMs + earlyToleranceMs) return { outcome: 'ignore', reason: 'early' };
  return { outcome: 'proceed' };
}
