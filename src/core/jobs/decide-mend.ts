import type { Job } from './job.ts';
import type { LiveJob } from './live-job.ts';
import type { Found } from './repair-store.ts';

/**
 * What becomes of a job whose two rows do not fit together, which only a hand from outside brings about.
 *
 * - `sound`: they fit, or are being changed right now.
 * - `wait`: a worker holds the job and will put it on record again.
 * - `fail`: what is left is not enough to go on; the job ends, with what is still known of it.
 * - `drop`: the job has ended, its live row is a remnant.
 */
export type MendDecision =
  | { readonly outcome: 'sound' | 'wait' }
  | { readonly outcome: 'fail'; readonly job: Job | null; readonly live: LiveJob | null }
  | { readonly outcome: 'drop'; readonly job: Job };

/** Decides for one job's rows. Rows of a newer version are left to a newer worker; a live row's lease is kept to the end. */
export function decideMend(job: Found<Job>, live: Found<LiveJob>, nowMs: number): MendDecision {
  if (job.kind === 'newer' || live.kind === 'newer') return { outcome: 'sound' };
  const known = job.kind === 'read' ? job.value : null;
  if (known !== null && known.end !== null) {
    return live.kind === 'absent' ? { outcome: 'sound' } : { outcome: 'drop', job: known };
  }
  if (live.kind !== 'read') {
    const isNothing = job.kind === 'absent' && live.kind === 'absent';
    return isNothing ? { outcome: 'sound' } : { outcome: 'fail', job: known, live: null };
  }
  if (known !== null) return { outcome: 'sound' };
  const { state, lease } = live.value;
  const isHeld = state === 'running' && lease !== null && lease.untilMs > nowMs;
  return isHeld ? { outcome: 'wait' } : { outcome: 'fail', job: null, live: live.value };
}
