import type { Ports } from './ports.ts';

/**
 * A live worker looks at its row every 1.5 s and renews a lease that has run out; a call that storage leaves unanswered keeps it for two
 * seconds more.
 */
const silenceMs = 5000;

/**
 * Waits before jobs are taken over whose leases have run out. That alone does not tell a dead worker from one that could not reach storage
 * either: it may have an answer in hand that was paid for. Storage is there, for the rows have just been read, so a worker that lives
 * changes its row within this time, and a take-over under the version that was read before it fails. False: this process ends.
 */
export async function awaitSignOfLife({ clock, drain, settings }: Ports): Promise<boolean> {
  await clock.sleep(Math.min(silenceMs, settings.leaseMs), drain.waits);
  return !drain.isDraining;
}
