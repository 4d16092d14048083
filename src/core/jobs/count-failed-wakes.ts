import type { TrailEvent } from './trail.ts';

/** Why the poison handler touched a job: the host gave up delivering one of its wake-ups. */
export const poisonReason = 'poison_message';

/** Wake-ups that the host may give up on in a row before their job is given up: five deliveries each, near an hour. */
export const maxFailedWakes = 20;

/**
 * How many of a job's wake-ups the host has given up on since anybody worked on it. No worker was lost by these, none had claimed
 * it; but what fails so often, and only for this job, fails every time. Re-sends by the sweep are nobody's work.
 */
export function countFailedWakes(trail: readonly TrailEvent[]): number {
  let failed = 0;
  for (const event of trail.toReversed()) {
    if (event.type === 'rescued' && event.reason === poisonReason) failed += 1;
    else if (event.type !== 'resent') break;
  }
  return failed;
}
