import type { LiveJob } from './live-job.ts';

/** An unleased job this long past its due time has lost its wake-up. */
export const overdueMs = 30_000;

/** What the sweep does with one live row. */
export type SweepDecision =
  | { readonly outcome: 'leave' }
  | { readonly outcome: 'rescue' }
  | { readonly outcome: 'end'; readonly status: 'cancelled' | 'expired' }
  /** Set `dueAtMs` to now, count the re-send, then send a wake-up. */
  | { readonly outcome: 'resend' };

/** Decides for one live row; two sweeps at once are harmless because every consequence is a conditional write. */
export function decideSweep(live: LiveJob, nowMs: number): SweepDecision {
  if (live.state === 'running') {
    const isLeased = live.lease !== null && live.lease.untilMs > nowMs;
    return isLeased ? { outcome: 'leave' } : { outcome: 'rescue' };
  }
  if (live.cancelRequested) return { outcome: 'end', status: 'cancelled' };
  if (live.deadlineAtMs <= nowMs) return { outcome: 'end', status: 'expired' };
  const patienceMs = overdueMs * 2 ** Math.min(live.resends, 10);
  return nowMs - live.dueAtMs >= patienceMs ? { outcome: 'resend' } : { outcome: 'leave' };
}
