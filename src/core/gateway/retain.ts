import { StorageUnavailableError } from '../http/weir-error.ts';
import { oldestJobIdAfter } from '../jobs/job-id.ts';
import { eraseOrphans } from './erase-orphans.ts';
import { mendJob } from './mend-job.ts';
import { type MendTally, mendTeam } from './mend-team.ts';
import type { Ports } from './ports.ts';

/** What one run of the retention removed and put right. */
export interface RetentionTally extends MendTally {
  jobs: number;
  usageRows: number;
  /** Jobs without rows whose content was erased. */
  orphans: number;
  failedTeams: number;
}

/** Jobs that one run removes at most: the next one goes on, and no run outlasts its invocation. */
const mostJobs = 5000;
const hourMs = 3_600_000;

/**
 * The hourly look after storage: mends what was deleted or damaged by hand, removes what has had its time (configuration
 * `retention`: jobs that ended before `contentHours`, with their content and idempotency keys, and usage rows older than
 * `usageMonths`) and content that no row names. A team that fails does not stop the rest; twice at once is harmless.
 */
export async function retain(ports: Ports): Promise<RetentionTally> {
  const tally = { jobs: 0, usageRows: 0, orphans: 0, mendedJobs: 0, recountedBudgets: 0, failedTeams: 0 };
  for (const team of await listTeams(ports)) {
    if (ports.drain.isDraining) break;
    try {
      await retainTeam(ports, team, tally);
    } catch (error) {
      tally.failedTeams += 1;
      const cause = error instanceof Error ? error.name : 'unknown';
      const isOurs = !(error instanceof StorageUnavailableError);
      report(ports, 'team_not_retained', 'A team could not be looked after; the next hour tries again.', isOurs, {
        team,
        cause,
      });
    }
  }
  if (Object.values(tally).some((times) => times > 0)) {
    const message = 'Jobs and usage past their retention were removed, and what was damaged was mended.';
    report(ports, 'retention', message, tally.failedTeams > 0, { ...tally });
  }
  return tally;
}

async function retainTeam(ports: Ports, team: string, tally: RetentionTally): Promise<void> {
  const now = ports.clock.now();
  const { contentHours, usageMonths } = ports.config.current().retention;
  await mendTeam(ports, team, tally);
  if (tally.jobs >= mostJobs) return;
  await removeJobs(ports, team, now - contentHours * hourMs, tally);
  tally.usageRows += await ports.usage.removeBefore(team, subtractMonths(now, usageMonths));
  tally.orphans += await eraseOrphans(ports, team);
}

/** Every team that ever had a job. One whose entry was deleted by hand is made known again, or no sweep would come to it. */
async function listTeams(ports: Ports): Promise<readonly string[]> {
  const known = await ports.live.listTeams();
  const teams = new Set(known);
  for (const { id } of ports.config.current().teams) {
    if (teams.has(id) || (await ports.live.listLive(id, null)).items.length === 0) continue;
    await ports.live.registerTeam(id);
    teams.add(id);
  }
  return [...teams];
}

async function removeJobs(ports: Ports, team: string, endedBeforeMs: number, tally: RetentionTally): Promise<void> {
  let after: string | null = oldestJobIdAfter(endedBeforeMs);
  while (after !== null && tally.jobs < mostJobs && !ports.drain.isDraining) {
    const page = await ports.jobs.listJobs(team, { status: null, limit: 100, after });
    // Mended, such a job has ended now: its content goes with it when its time is over.
    for (const id of page.damaged) if ((await mendJob(ports, team, id)) === 'mended') tally.mendedJobs += 1;
    for (const job of page.items) {
      if (job.end === null && (await mendJob(ports, team, job.id)) === 'mended') tally.mendedJobs += 1;
      if (job.end === null || job.end.finishedAtMs > endedBeforeMs) continue;
      await ports.contents.erase(team, job.id);
      await ports.jobs.removeJob(job);
      tally.jobs += 1;
    }
    after = page.next;
  }
}

function report(
  ports: Ports,
  name: string,
  message: string,
  isBad: boolean,
  fields: Readonly<Record<string, string | number>>,
): void {
  ports.telemetry.track({
    type: 'notice',
    atMs: ports.clock.now(),
    level: isBad ? 'warning' : 'info',
    name,
    message,
    fields,
  });
}

/** The same moment some calendar months earlier, in UTC. */
function subtractMonths(atMs: number, months: number): number {
  const date = new Date(atMs);
  return date.setUTCMonth(date.getUTCMonth() - months);
}
