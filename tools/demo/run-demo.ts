import type { Clock } from '../../src/core/clock.ts';
import { type Connection, type ConnectionOptions, createConnection, GaveUpError } from './connection.ts';
import { followJobs } from './follow-jobs.ts';
import { type JobRecord, startRecord } from './job-record.ts';
import type { WeirLocation } from './locate-weir.ts';
import { type PlannedJob, planJobs } from './plan-jobs.ts';
import { type Progress, startProgress } from './progress.ts';
import type { Prompt } from './prompt.ts';
import { listRunJobs, listRunUsage } from './read-books.ts';
import type { DemoOptions } from './read-options.ts';
import { formatDuration, type Report } from './render-report.ts';
import { markSimulator, readCallsSince } from './simulator-log.ts';
import { submitJobs } from './submit-jobs.ts';
import { tallyLanes, tallyRegions, tallyTeams } from './tally.ts';
import { type Evidence, verifyRun } from './verify-run.ts';

// Clocks of two machines and a commit that is late: rows a minute outside the run still belong to it.
const marginMs = 60_000;

export interface DemoRun {
  readonly run: string;
  readonly teams: readonly string[];
  readonly prompts: readonly Prompt[];
  readonly options: DemoOptions;
  readonly locate: () => WeirLocation | null;
  readonly call: ConnectionOptions['call'];
  readonly clock: Clock;
  readonly output: NodeJS.WriteStream;
}

/** Sends the jobs, follows each to its end, gathers the evidence and judges it. Ends within the timeout, whatever the host does. */
export async function runDemo(demo: DemoRun): Promise<Report> {
  const { clock, options, run, teams } = demo;
  const startedAtMs = clock.now();
  const plan = planJobs(demo.prompts, { ...options, run, teams });
  const records = plan.map(startRecord);
  const mark = await markSimulator(demo.locate()?.simulatorUrl ?? null);
  const progress = startProgress(records, demo.output, clock.now);
  const connection = connect(demo, progress, startedAtMs);
  let hasGivenUp = false;
  try {
    await sendAndFollow(records, connection, clock);
  } catch (error) {
    if (!(error instanceof GaveUpError)) throw error;
    hasGivenUp = true;
    progress.say(error.message);
  } finally {
    progress.stop();
  }
  const tookMs = clock.now() - startedAtMs;
  const simulator = await readCallsSince(demo.locate()?.simulatorUrl ?? null, mark);
  // Who was waited for in vain is not waited for once more to be asked for the books.
  const unread = { listedIds: null, usage: null };
  const books = hasGivenUp ? unread : await gatherBooks(connection, demo, startedAtMs);
  const evidence = { ...books, simulator };
  const ids = new Set(records.map((record) => record.id));
  return {
    run,
    accepted: records.filter((record) => record.id !== null).length,
    languages: countLanguages(plan, demo.prompts),
    tookMs,
    outages: connection.outages(),
    deferrals: records.reduce((total, record) => total + record.deferrals, 0),
    replays: records.filter((record) => record.isReplayed).length,
    unknownOutcomes: records
      .flatMap((record) => record.reading?.attempts ?? [])
      .filter((attempt) => attempt.outcome === 'unknown').length,
    teams: tallyTeams(records),
    regions: tallyRegions(records),
    lanes: tallyLanes(records),
    calls: simulator.outcome === 'read' ? simulator.calls.filter((call) => ids.has(call.job)) : null,
    checks: verifyRun(records, evidence),
  };
}

function connect({ clock, options, locate, call }: DemoRun, progress: Progress, startedAtMs: number): Connection {
  return createConnection({
    locate,
    call,
    clock,
    patienceMs: options.patienceMs,
    deadlineAtMs: startedAtMs + options.timeoutMs,
    onOutage: ({ state, reason, forMs }) =>
      progress.say(
        state === 'down' ? `waiting for the host… (${reason})` : `the host is back after ${formatDuration(forMs)}`,
      ),
  });
}

async function sendAndFollow(records: readonly JobRecord[], connection: Connection, clock: Clock): Promise<void> {
  let isSubmitting = true;
  const submitting = submitJobs(records, connection, clock).finally(() => {
    isSubmitting = false;
  });
  const following = followJobs(records, () => isSubmitting, connection, clock);
  const results = await Promise.allSettled([submitting, following]);
  const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  // What nobody foresaw says more than the patience that ran out meanwhile.
  const failure = failures.find((reason) => !(reason instanceof GaveUpError)) ?? failures[0];
  if (failure !== undefined) throw failure;
}

async function gatherBooks(
  connection: Connection,
  { teams, run, clock }: DemoRun,
  startedAtMs: number,
): Promise<Omit<Evidence, 'simulator'>> {
  const window = { fromMs: startedAtMs - marginMs, toMs: clock.now() + marginMs };
  try {
    const listed = await Promise.all(teams.map((team) => listRunJobs(connection, team, run, window.fromMs)));
    const usage = await Promise.all(teams.map((team) => listRunUsage(connection, team, run, window)));
    return { listedIds: listed.flat(), usage: usage.flat() };
  } catch (error) {
    // The checks say that they were skipped; a run that gave up has failed already.
    if (error instanceof GaveUpError) return { listedIds: null, usage: null };
    throw error;
  }
}

function countLanguages(plan: readonly PlannedJob[], prompts: readonly Prompt[]): number {
  const used = new Set(plan.map((job) => job.promptId));
  return new Set(prompts.filter((prompt) => used.has(prompt.id)).map((prompt) => prompt.language)).size;
}
