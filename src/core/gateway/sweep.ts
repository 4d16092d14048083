import { StorageUnavailableError } from '../http/weir-error.ts';
import { decideSweep } from '../jobs/decide-sweep.ts';
import type { Job } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { appendTrail } from '../jobs/trail.ts';
import { DamagedRowError, type Versioned } from '../versioned.ts';
import { advanceJob } from './advance-job.ts';
import { forEachAtOnce } from './at-once.ts';
import { awaitSignOfLife } from './await-sign-of-life.ts';
import { endJob } from './end-job.ts';
import { mendJob } from './mend-job.ts';
import type { Ports } from './ports.ts';
import { rescueJob } from './rescue-job.ts';
import { wakeJob } from './wake-job.ts';
import { isParked, wakeSleepers } from './wake-sleepers.ts';

/** What one sweep did, for telemetry and tests. */
export interface SweepTally {
  looked: number;
  resent: number;
  /** Jobs whose turn has come nearer than they were told when they were parked. */
  woken: number;
  rescued: number;
  ended: number;
  /** Jobs whose rows were deleted or damaged by hand. */
  mended: number;
  failedPages: number;
  /** Jobs that could not be mended, e.g. of a newer version or edited by hand. */
  failedJobs: number;
}

/** Teams, and jobs of one team, that one sweep works on at once: an outage's backlog of 10,000 jobs is mended within the interval. */
const teamsAtOnce = 8;
const jobsAtOnce = 32;

/** Jobs of one team that storage may refuse one after the other before its sweep ends: then it is the partition, not a job. */
const mostFailuresInRow = 5;

/**
 * Walks every live row of every team that ever had a job and mends what no message will: lost wake-ups, dead workers,
 * deadlines. Two sweeps at once are harmless; a team, page or job that fails does not stop the rest.
 */
export async function sweep(ports: Ports): Promise<SweepTally> {
  const tally: SweepTally = {
    looked: 0,
    resent: 0,
    woken: 0,
    rescued: 0,
    ended: 0,
    mended: 0,
    failedPages: 0,
    failedJobs: 0,
  };
  const found: Found = { parked: [], silent: [] };
  const orFailedPage = async (team: string | null, work: Promise<void>) => {
    try {
      await work;
    } catch (error) {
      tally.failedPages += 1;
      reportFailure(ports, 'page_not_swept', 'The sweep gave up a page; the next one tries again.', { team }, error);
    }
  };
  await forEachAtOnce(await ports.live.listTeams(), teamsAtOnce, async (team) => {
    if (!ports.drain.isDraining) await orFailedPage(team, sweepTeam(ports, team, tally, found));
  });
  // Side by side: a dead worker's jobs do not wait for sleepers, who may be a thousand.
  await Promise.all([
    orFailedPage(null, wakeSleepers(ports, found.parked, tally)),
    orFailedPage(null, takeOver(ports, found.silent, tally)),
  ]);
  const { looked, ...done } = tally;
  if (Object.values(done).some((times) => times > 0)) reportSweep(ports, done);
  return tally;
}

/** Rows that a sweep comes back to when it has seen them all. */
interface Found {
  /** Parked on an estimate of their turn. */
  readonly parked: Versioned<LiveJob>[];
  /** Claimed, and nobody has renewed the lease. */
  readonly silent: Versioned<LiveJob>[];
}

async function sweepTeam(ports: Ports, team: string, tally: SweepTally, found: Found): Promise<void> {
  let after: string | null = null;
  let failuresInRow = 0;
  const isOver = () => ports.drain.isDraining || failuresInRow >= mostFailuresInRow;
  do {
    const page: Awaited<ReturnType<typeof ports.live.listLive>> = await ports.live.listLive(team, after);
    await forEachAtOnce(page.items, jobsAtOnce, async (row) => {
      if (isOver()) return;
      tally.looked += 1;
      if (isParked(row.value)) found.parked.push(row);
      const isAnswered = await tryToMend(ports, row.value, tally, () => mend(ports, row, tally, found.silent));
      failuresInRow = isAnswered ? 0 : failuresInRow + 1;
    });
    await forEachAtOnce(page.damaged, jobsAtOnce, async (id) => {
      if (isOver()) return;
      const isAnswered = await tryToMend(ports, { team, id }, tally, () => mendRows(ports, { team, id }, tally));
      failuresInRow = isAnswered ? 0 : failuresInRow + 1;
    });
    after = page.next;
  } while (after !== null && !isOver());
  if (failuresInRow >= mostFailuresInRow) tally.failedPages += 1;
}

/** A job that throws is left to the next sweep and told. False: storage did not answer. */
async function tryToMend(
  ports: Ports,
  { team, id: job }: Pick<LiveJob, 'team' | 'id'>,
  tally: SweepTally,
  work: () => Promise<void>,
): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    tally.failedJobs += 1;
    reportFailure(
      ports,
      'job_not_mended',
      'The sweep could not mend a job; the next one tries again.',
      { team, job },
      error,
    );
    return !(error instanceof StorageUnavailableError);
  }
}

/** The job of a live row; null when its own row is gone, damaged, or says that it has ended. */
async function readOpenJob(ports: Ports, { team, id }: LiveJob): Promise<Job | null> {
  try {
    const job = await ports.jobs.readJob(team, id);
    return job?.end === null ? job : null;
  } catch (error) {
    if (error instanceof DamagedRowError) return null;
    throw error;
  }
}

async function mendRows(ports: Ports, { team, id }: Pick<LiveJob, 'team' | 'id'>, tally: SweepTally): Promise<void> {
  if ((await mendJob(ports, team, id)) === 'mended') tally.mended += 1;
}

function reportFailure(
  ports: Ports,
  name: 'page_not_swept' | 'job_not_mended',
  message: string,
  of: { readonly team: string | null; readonly job?: string },
  error: unknown,
): void {
  const fields = {
    team: of.team ?? 'all',
    job: of.job ?? 'all',
    cause: error instanceof Error ? error.name : 'unknown',
  };
  ports.telemetry.track({ type: 'notice', atMs: ports.clock.now(), level: 'error', name, message, fields });
}

async function mend(
  ports: Ports,
  row: Versioned<LiveJob>,
  tally: SweepTally,
  silent: Versioned<LiveJob>[],
): Promise<void> {
  const live = row.value;
  const now = ports.clock.now();
  const decision = decideSweep(live, now);
  if (decision.outcome === 'leave') return;
  if (decision.outcome === 'resend') {
    const due: LiveJob = {
      ...live,
      dueAtMs: now,
      resends: live.resends + 1,
      trail: appendTrail(live.trail, { atMs: now, type: 'resent' }),
    };
    const moved = await advanceJob(ports, { live: due, version: row.version, usage: [] }, '');
    if (moved.outcome === 'lost') return;
    await wakeJob(ports, live.lane, { team: live.team, job: live.id }, 0);
    tally.resent += 1;
    return;
  }
  if (decision.outcome === 'rescue') {
    silent.push(row);
    return;
  }
  const job = await readOpenJob(ports, live);
  if (job === null) return mendRows(ports, live, tally);
  const { status } = decision;
  const ended = await endJob(ports, job, row, { status, response: null, error: null, usage: [] });
  if (ended.outcome === 'ended') tally.ended += 1;
}

/** Takes over what nobody has touched since it was seen, each under the version of its row then. A partition that is away stops only its team's. */
async function takeOver(ports: Ports, silent: readonly Versioned<LiveJob>[], tally: SweepTally): Promise<void> {
  if (silent.length === 0 || !(await awaitSignOfLife(ports))) return;
  const byTeam = [...Map.groupBy(silent, ({ value }) => value.team).values()];
  await forEachAtOnce(byTeam, teamsAtOnce, async (rows) => {
    let failuresInRow = 0;
    await forEachAtOnce(rows, jobsAtOnce, async (row) => {
      if (ports.drain.isDraining || failuresInRow >= mostFailuresInRow) return;
      const isAnswered = await tryToMend(ports, row.value, tally, () => rescue(ports, row, tally));
      failuresInRow = isAnswered ? 0 : failuresInRow + 1;
    });
  });
}

async function rescue(ports: Ports, row: Versioned<LiveJob>, tally: SweepTally): Promise<void> {
  const live = row.value;
  const job = await readOpenJob(ports, live);
  if (job === null) return mendRows(ports, live, tally);
  const result = await rescueJob(ports, job, row);
  if (result === 'ended') tally.ended += 1;
  if (result !== 'rescued') return;
  tally.rescued += 1;
  await wakeJob(ports, live.lane, { team: live.team, job: live.id }, 0);
}

function reportSweep(ports: Ports, done: Omit<SweepTally, 'looked'>): void {
  ports.telemetry.track({
    type: 'notice',
    atMs: ports.clock.now(),
    level: done.mended + done.failedPages + done.failedJobs > 0 ? 'warning' : 'info',
    name: 'sweep',
    message: 'The sweep mended live jobs.',
    fields: done,
  });
}
