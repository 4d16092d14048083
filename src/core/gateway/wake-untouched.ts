import type { LiveJob } from '../jobs/live-job.ts';
import type { Ports } from './ports.ts';
import { wakeJob } from './wake-job.ts';

/**
 * Wakes an accepted job that nobody has claimed or parked yet: its first wake-up may never have been sent, and the sweep would know
 * only in half a minute. Where it was sent, the second is one too many, as queues deliver them anyway: of two workers one claims the row.
 */
export async function wakeUntouched(ports: Ports, live: LiveJob): Promise<void> {
  if (isUntouched(live)) await wakeJob(ports, live.lane, { team: live.team, job: live.id }, 0);
}

/** Every worker that looked left something: a claim, a place in line, or why it was put off. A sweep's re-send may be lost as the first was. */
function isUntouched({ state, ticket, trail }: LiveJob): boolean {
  return state === 'queued' && ticket === null && trail.every(({ type }) => type === 'accepted' || type === 'resent');
}
