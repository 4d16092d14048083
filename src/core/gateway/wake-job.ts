import type { Lane } from '../jobs/job.ts';
import type { WakeUp } from '../jobs/wake-queue.ts';
import type { Ports } from './ports.ts';

/**
 * Sends a wake-up. A failure harms nothing: the row is the truth and the sweep sends again what is overdue,
 * so it is reported and the caller goes on.
 */
export async function wakeJob(ports: Ports, lane: Lane, wakeUp: WakeUp, delayMs: number): Promise<void> {
  try {
    await ports.wakeQueue.send(lane, wakeUp, Math.max(0, delayMs));
  } catch (error) {
    ports.telemetry.track({
      type: 'notice',
      atMs: ports.clock.now(),
      level: 'warning',
      name: 'wake_up_not_sent',
      message: 'The queue did not take a wake-up; the sweep will send it.',
      fields: { lane, team: wakeUp.team, job: wakeUp.job, cause: error instanceof Error ? error.name : 'unknown' },
    });
  }
}
