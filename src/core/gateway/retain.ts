import { StorageUnavailableError } from '../http/weir-error.ts';
import { oldestJobIdAfter } from '../jobs/job-id.ts';
import type { Ports } from './ports.ts';

/** What one run of the retention removed. */
export interface RetentionTally {
  jobs: number;
  usageRows: number;
  failedTeams: number;
}

/** Jobs that one run removes at most: the next one goes on, and no run outlasts its invocation. */
const mostJobs = 5000;
const hourMs = 3_600_000;

/**
 * Removes what has had its time (configuration `retention`): jobs that ended before `contentHours`, with their content and
 * idempotency keys, and usage rows older than `usageMonths`. A team that fails does not stop the rest; twice at once is harmless.
 */
export async function retain(ports: Ports): Promise<RetentionTally> {
  const tally: RetentionTally = { jobs: 0, usageRows: 0, failedTeams: 0 };
  const { contentHours, usageMonths } = ports.config.current().retention;
  const now = ports.clock.now();
  for (const team of await ports.live.listTeams()) {
    if (ports.drain.isDraining || tally.jobs >= mostJobs) break;
    try {
      await removeJobs(ports, team, now - contentHours * hourMs, tally);
      tally.usageRows += await ports.usage.removeBefore(team, subtractMonths(now, usageMonths));
    } catch (error) {
      if (!(error instanceof StorageUnavailableError)) throw error;
      tally.failedTeams += 1;
    }
  }
  const { jobs, usageRows, failedTeams } = tally;
  if (jobs + usageRows + failedTeams > 0) {
    ports.telemetry.track({
      type: 'notice',
      atMs: now,
      level: failedTeams > 0 ? 'warning' : 'info',
      name: 'retention',
      message: 'Jobs and usage past their retention were removed.',
      fields: { jobs, usageRows, failedTeams },
    });
  }
  return tally;
}

async function removeJobs(ports: Ports, team: string, endedBeforeMs: number, tally: RetentionTally): Promise<void> {
  let after: string | null = oldestJobIdAfter(endedBeforeMs);
  while (after !== null && tally.jobs < mostJobs && !ports.drain.isDraining) {
    const page = await ports.jobs.listJobs(team, { status: null, limit: 100, after });
    for (const job of page.items) {
      if (job.end === null || job.end.finishedAtMs > endedBeforeMs) continue;
      await ports.contents.erase(team, job.id);
      await ports.jobs.removeJob(job);
      tally.jobs += 1;
    }
    after = page.next;
  }
}

/** The same moment some calendar months earlier, in UTC. */
function subtractMonths(atMs: number, months: number): number {
  const date = new Date(atMs);
  return date.setUTCMonth(date.getUTCMonth() - months);
}
