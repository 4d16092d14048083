import { lanes } from '../jobs/job.ts';
import type { Ports } from './ports.ts';

/**
 * Tells telemetry that this app is alive, what waits in each lane and how far each deployment counts otherwise than Weir: a lane that
 * stands still finishes no job that could tell of it, and a ledger that drifts shows in no single call.
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
  for (const { model } of ports.config.current().pools) {
    for (const { deployment, calibration, driftCount } of await ports.capacity.view(model)) {
      const fields = { model, deployment, calibration: Math.round(calibration * 1000) / 1000, throttled: driftCount };
      notice('capacity_drift', "The service's count against Weir's.", fields);
    }
  }
}
