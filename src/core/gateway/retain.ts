import { StorageUnavailableError } from '../http/weir-error.ts';
import { forEachAtOnce } from './at-once.ts';
import { eraseOrphans } from './erase-orphans.ts';
import { type MendTally, mendTeam } from './mend-team.ts';
import type { Ports } from './ports.ts';
import { removeOldJobs } from './remove-old-jobs.ts';
import { beginOfHour } from './rotation.ts';
import { trimUsage } from './trim-usage.ts';
import type { Walk } from './walk.ts';

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

interface TeamWork {
  readonly team: string;
  /** One for each kind of work that is left. */
  readonly walks: readonly Walk[];
}

/** A run begins no further page after this: it ends well within its invocation (half an hour) and before the next one (an hour). */
export const longestRunMs = 8 * 60_000;
const teamsAtOnce = 4;
const hourMs = 3_600_000;

/**
 * The hourly look after storage: removes what has had its time (configuration `retention`: jobs that ended before `contentHours`, with
 * their content and idempotency keys, and usage rows older than `usageMonths`), mends what was deleted or damaged by hand, and erases
 * content that no row names. The teams take turns, a page of each kind of work in a turn: no backlog keeps another team waiting, nor another
 * kind of work. Where not even one turn of all teams fits into a run, the hours begin with teams that lie far apart. What fails ends
 * that kind of that team's work for the hour; twice at once is harmless.
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
  const failed = new Set<string>();
  const fail = (team: string, error: unknown) => {
    if (!failed.has(team)) reportFailure(ports, team, error);
    failed.add(team);
  };
  const teams = rotate(await listTeams(ports, fail), Math.floor(startedAtMs / hourMs));
  let open = teams.map((team): TeamWork => ({ team, walks: startWalks(ports, team, tally) }));
  while (open.length > 0 && !isOver()) {
    const left: TeamWork[] = [];
    await forEachAtOnce(open, teamsAtOnce, async ({ team, walks }) => {
      const further: Walk[] = [];
      for (const walk of walks) {
        try {
          if (isOver() || !(await walk.next()).done) further.push(walk);
        } catch (error) {
          fail(team, error);
        }
      }
      if (further.length > 0) left.push({ team, walks: further });
    });
    open = left;
  }
  tally.failedTeams = failed.size;
  tally.unfinishedTeams = open.length;
  if (Object.values(tally).some((times) => times > 0)) {
    const message = 'Jobs and usage past their retention were removed, and what was damaged was mended.';
    report(ports, 'retention', message, tally.failedTeams + tally.unfinishedTeams > 0, { ...tally });
  }
  return tally;
}

function startWalks(ports: Ports, team: string, tally: RetentionTally): readonly Walk[] {
  return [
    removeOldJobs(ports, team, tally),
    mendTeam(ports, team, tally),
    trimUsage(ports, team, tally),
    eraseOrphans(ports, team, tally),
  ];
}

/**
 * Every team that ever had a job. One whose entry was deleted by hand is made known again, or no sweep would come to it; where that
 * fails the others are looked after all the same.
 */
async function listTeams(ports: Ports, fail: (team: string, error: unknown) => void): Promise<readonly string[]> {
  const teams = new Set(await ports.live.listTeams());
  const unknown = ports.config.current().teams.filter(({ id }) => !teams.has(id));
  await forEachAtOnce(unknown, teamsAtOnce, async ({ id }) => {
    try {
      if ((await ports.live.listLive(id, null)).items.length === 0) return;
      await ports.live.registerTeam(id);
      teams.add(id);
    } catch (error) {
      fail(id, error);
    }
  });
  return [...teams];
}

function rotate<T>(list: readonly T[], hour: number): readonly T[] {
  const begin = beginOfHour(hour, list.length);
  return [...list.slice(begin), ...list.slice(0, begin)];
}

function reportFailure(ports: Ports, team: string, error: unknown): void {
  const cause = error instanceof Error ? error.name : 'unknown';
  const isOurs = !(error instanceof StorageUnavailableError);
  const message = 'A team could not be looked after; the next hour tries again.';
  report(ports, 'team_not_retained', message, isOurs, { team, cause });
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
