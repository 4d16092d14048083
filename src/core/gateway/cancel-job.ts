import type { JobView } from '../http/job-resource.ts';
import { appendTrail } from '../jobs/trail.ts';
import { advanceJob } from './advance-job.ts';
import { endJob } from './end-job.ts';
import type { Ports } from './ports.ts';
import { viewEnded, viewLive } from './read-job.ts';
import { readRows } from './read-rows.ts';

/**
 * Cancels a job: queued, it ends at once; running, its worker is asked to abort; terminal, nothing changes.
 * With `erase` the job's content goes as soon as it has ended. Null: no such job.
 */
export async function cancelJob(
  ports: Ports,
  team: string,
  id: string,
  options: { erase: boolean },
): Promise<JobView | null> {
  for (;;) {
    const { job, row } = await readRows(ports, team, id);
    if (job === null) return null;
    if (row === null) return viewEnded(ports, job);
    // Deleted while it runs: gone for its callers; its worker erases it as soon as it has ended.
    if (row.value.eraseRequested && (!options.erase || row.value.state === 'running')) return null;
    if (row.value.state === 'queued') {
      const result = await endJob(ports, job, row, { status: 'cancelled', response: null, error: null, usage: [] });
      if (result.outcome === 'ended') return viewEnded(ports, result.job);
      continue;
    }
    if (row.value.cancelRequested && !options.erase) return viewLive(ports, job, row.value);
    const live = {
      ...row.value,
      cancelRequested: true,
      eraseRequested: options.erase,
      trail: appendTrail(row.value.trail, { atMs: ports.clock.now(), type: 'cancel_requested' }),
    };
    const asked = await advanceJob(ports, { live, version: row.version, usage: [] }, job.budgetPeriod);
    if (asked.outcome === 'advanced') return viewLive(ports, job, live);
  }
}

/**
 * Cancels the job if need be and removes its row, key and content; usage rows stay. A running one is gone for its callers at
 * once and erased by whoever ends it. False: no such job.
 */
export async function deleteJob(ports: Ports, team: string, id: string): Promise<boolean> {
  const cancelled = await cancelJob(ports, team, id, { erase: true });
  if (cancelled === null) return false;
  if (cancelled.job.end === null) return true;
  await ports.contents.erase(team, id);
  await ports.jobs.removeJob(cancelled.job);
  return true;
}
