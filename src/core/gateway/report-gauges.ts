import { lanes } from '../jobs/job.ts';
import type { Ports } from './ports.ts';

/**
 * Tells telemetry that this app is alive and what waits in each lane, for alerts: a lane that stands still finishes no job
 * that could tell of it.
 */
export async function reportGauges(ports: Ports): Promise<void> {
  const census = await ports.census.view();
  const now = ports.clock.now();
  const notice = (name: string, message: string, fields: Readonly<Record<string, string | number>>) =>
    ports.telemetry.track({ type: 'notice', atMs: now, level: 'debug', name, message, fields });
  notice('heartbeat', 'The sweep ran.', {});
  for (const lane of lanes) {
    const { jobs, oldestQueuedAtMs } = census.count(null, lane);
    const oldestAgeSeconds = oldestQueuedAtMs === null ? 0 : Math.max(0, Math.round((now - oldestQueuedAtMs) / 1000));
    notice('queue_depth', 'Jobs in the lane.', { lane, jobs, oldestAgeSeconds });
  }
}
