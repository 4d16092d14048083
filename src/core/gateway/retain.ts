import { StorageUnavailableError } from '../http/weir-error.ts';
import { forEachAtOnce } from './at-once.ts';
import { eraseOrphans } from './erase-orphans.ts';
import { type MendTally, mendTeam } from './mend-team.ts';
import type { Ports } from './ports.ts';
import { type OldJobs, removeOldJobs, startOldJobs } from './remove-old-jobs.ts';

/** What one run of the retention removed and put right. */
export interface RetentionTally extends MendTally {
  jobs: number;
  usageRows: number;
  /** Jobs without rows whose content was erased. */
  orphans: number;
  failedTeams: number;
  /** Teams that had more than the run had time for; the next one goes on. */
  unfinishedTeams: number;
}

/** A run begins nothing after this: it ends well within its invocation (half an hour) and before the next one (an hour). */
export const longestRunMs = 8 * 60_000;
const teamsAtOnce = 4;
const hourMs = 3_600_000;

/**
 * The hourly look after storage: mends what was deleted or damaged by hand, removes what has had its time (configuration
 * `retention`: jobs that ended before `contentHours`, with their content and idempotency keys, and usage rows older than
 * `usageMonths`) and content that no row names. Each hour begins with another team, and old jobs go a page of each team at a time, so
 * that no team's backlog keeps another's from being removed. A team that fails does not stop the rest; twice at once is harmless.
 */
export async function retain(ports: Ports): Promise<RetentionTally> {
  const tally: RetentionTally = {
    jobs: 0,
    usageRows: 0,
    orphans: 0,
    mendedJobs: 0,
    recountedBudgets: 0,
    failedTeams: 0,
    unfinishedTeams: 0,
  };
  const startedAtMs = ports.clock.now();
  const isOver = () => ports.drain.isDraining || ports.clock.now() - startedAtMs >= longestRunMs;
  const teams = rotate(await listTeams(ports), Math.floor(startedAtMs / hourMs));
  let backlogs: OldJobs[] = [];
  await forEachAtOnce(teams, teamsAtOnce, async (team) => {
    if (isOver()) tally.unfinishedTeams += 1;
    else if (await isWell(ports, team, tally, () => mendAndTrim(ports, team, tally)))
      backlogs.push(oldJobsOf(ports, team));
  });
  while (backlogs.length > 0 && !isOver()) {
    const left: OldJobs[] = [];
    await forEachAtOnce(backlogs, teamsAtOnce, async (backlog) => {
      await isWell(ports, backlog.team, tally, async () => {
        const rest = isOver() ? backlog : await removeOldJobs(ports, backlog, tally);
        if (rest !== null) left.push(rest);
      });
    });
    backlogs = left;
  }
  tally.unfinishedTeams += backlogs.length;
  if (Object.values(tally).some((times) => times > 0)) {
    const message = 'Jobs and usage past their retention were removed, and what was damaged was mended.';
    report(ports, 'retention', message, tally.failedTeams + tally.unfinishedTeams > 0, { ...tally });
  }
  return tally;
}

/** False when a team's part failed, which is told and left to the next hour. */
async function isWell(ports: Ports, team: string, tally: RetentionTally, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    tally.failedTeams += 1;
    const cause = error instanceof Error ? error.name : 'unknown';
    const isOurs = !(error instanceof StorageUnavailableError);
    const message = 'A team could not be looked after; the next hour tries again.';
    report(ports, 'team_not_retained', message, isOurs, { team, cause });
    return false;
  }
}

async function mendAndTrim(ports: Ports, team: string, tally: RetentionTally): Promise<void> {
  const { usageMonths } = ports.config.current().retention;
  await mendTeam(ports, team, tally);
  tally.usageRows += await ports.usage.removeBefore(team, subtractMonths(ports.clock.now(), usageMonths));
  tally.orphans += await eraseOrphans(ports, team);
}

function oldJobsOf(ports: Ports, team: string): OldJobs {
  return startOldJobs(team, ports.clock.now() - ports.config.current().retention.contentHours * hourMs);
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

function rotate<T>(list: readonly T[], by: number): readonly T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
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
