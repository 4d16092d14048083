import { setTimeout as sleep } from 'node:timers/promises';
import type { Ports } from '../../../src/core/gateway/ports.ts';
import { submitJob } from '../../../src/core/gateway/submit-job.ts';
import { sweep } from '../../../src/core/gateway/sweep.ts';
import type { Job, Lane } from '../../../src/core/jobs/job.ts';
import { probeTeam } from '../../../src/core/routing/plan-probe.ts';
import type { SimulatorReport } from '../../../tools/simulator/report.ts';
import { percentile } from '../../percentile.ts';
import { referenceSize } from '../scenario.ts';
import { draw } from '../seeded.ts';
import { asClient } from './as-client.ts';
import { model, poolTokensPerMinute, Stage, team, tokensPerMinute } from './stage.ts';

/** What happens to the workers, by seconds from the first submission. */
interface Turn {
  readonly atS: number;
  readonly about: string;
  act(stage: Stage): void | Promise<void>;
}

export interface RealPlan {
  readonly name: string;
  readonly workers: number;
  /** Bulk jobs at the start; then 5.5 a second and interactive ones, one in two seconds. */
  readonly standing: number;
  readonly warmUpS: number;
  readonly seconds: number;
  readonly turns: readonly Turn[];
}

export interface RealFigures {
  readonly name: string;
  /** Of the measured time, from the simulator's own log. */
  readonly utilisation: number;
  readonly throttled: number;
  readonly throttledPerJob: number;
  /** Most tokens that any deployment was asked for in any 60 s ÷ its limit, over the whole run. */
  readonly peakShare: number;
  readonly overLimit: number;
  readonly operationsPerJob: number;
  readonly accepted: number;
  readonly submissionRetries: number;
  readonly ended: Readonly<Record<string, number>>;
  readonly notEnded: number;
  readonly heldNanoUsd: number;
  readonly upstreamCalls: number;
  /** Of these by the books: the jobs' own attempts, those of unknown outcome included, and calls that test a deployment. */
  readonly attempts: number;
  readonly testCalls: number;
  readonly waits: Readonly<Record<string, { readonly jobs: number; readonly p50: number; readonly p95: number }>>;
}

/** Eight workers all the time; and 2 → 16 → 4 with two killed in mid-flight. */
export const realPlans: readonly RealPlan[] = [
  { name: 'eight', workers: 8, standing: 250, warmUpS: 65, seconds: 135, turns: [] },
  {
    name: 'elastic',
    workers: 2,
    standing: 200,
    warmUpS: 65,
    seconds: 125,
    turns: [
      { atS: 25, about: '14 more workers', act: (stage) => stage.addWorkers(14) },
      { atS: 65, about: 'kill -9 of two', act: (stage) => stage.killWorkers(2) },
      { atS: 85, about: 'ten drain and end', act: (stage) => stage.removeWorkers(10) },
    ],
  },
];

const longestDrainS = 150;
const words = 'the printer on floor three jams when paper is damp and nobody knows which tray it takes it from '.split(
  ' ',
);

/** Runs one plan with real processes: Azurite, the simulator and the gateway in every worker. */
export async function runReal(plan: RealPlan, say: (text: string) => void): Promise<RealFigures> {
  const stage = new Stage();
  let isOver = false;
  const background: Promise<void>[] = [];
  const repeat = (everyMs: number, work: () => Promise<unknown>) => {
    const loop = async () => {
      while (!isOver) {
        // A timer of the host that fails runs again at its next time.
        await work().catch((error: unknown) => stage.failures.push(`failed ${String(error)}`));
        await sleep(everyMs);
      }
    };
    background.push(loop());
  };
  try {
    await stage.start();
    const { getApplication, startApplication } = await import('../../../src/core/composition/lifecycle.ts');
    await startApplication();
    const { ports } = await getApplication();
    await stage.addWorkers(plan.workers);
    const submitter = new Submitter(ports);
    await submitter.submit('bulk', plan.standing);
    const startedAt = Date.now();
    const until = (seconds: number) => sleep(Math.max(0, startedAt + seconds * 1000 - Date.now()));
    repeat(10_000, () => sweep(ports));
    const isOpen = () => Date.now() - startedAt < plan.seconds * 1000;
    repeat(1000 / 5.5, async () => void (isOpen() && background.push(submitter.submit('bulk', 1))));
    repeat(2000, async () => void (isOpen() && background.push(submitter.submit('interactive', 1))));
    for (const turn of plan.turns) {
      background.push(
        until(turn.atS).then(async () => {
          say(`  ${turn.atS} s: ${turn.about}\n`);
          await turn.act(stage);
        }),
      );
    }
    await until(plan.warmUpS);
    const [before, operationsBefore] = [await stage.report(), stage.operations];
    await until(plan.seconds);
    const [after, operationsAfter] = [await stage.report(), stage.operations];
    say(`  ${plan.seconds} s: no more submissions, what is in line drains\n`);
    const jobs = await awaitEnds(ports, startedAt + (plan.seconds + longestDrainS) * 1000);
    const last = await stage.report();
    const budget = await patiently(() => ports.jobs.readBudget(team, jobs.at(-1)?.budgetPeriod ?? ''));
    isOver = true;
    await Promise.all(background);
    for (const failure of stage.failures.slice(0, 3)) say(`  ${failure}\n`);
    const calls = after.total.admitted - before.total.admitted;
    const sinceMs = startedAt + plan.warmUpS * 1000;
    return {
      name: plan.name,
      utilisation:
        (after.total.chargedTokens - before.total.chargedTokens) /
        ((poolTokensPerMinute * (after.elapsedMs - before.elapsedMs)) / 60_000),
      throttled: refusedIn(last),
      throttledPerJob: (refusedIn(after) - refusedIn(before)) / Math.max(1, calls),
      peakShare:
        Math.max(...deploymentsOf(last).map(({ peaks }) => peaks.received.in60Seconds.tokens)) / tokensPerMinute,
      overLimit: deploymentsOf(last).reduce(
        (sum, { overLimit }) => sum + overLimit.tokensIn60Seconds + overLimit.requestsInSlice,
        0,
      ),
      operationsPerJob: (operationsAfter - operationsBefore) / Math.max(1, calls),
      accepted: submitter.accepted,
      submissionRetries: submitter.retries,
      ended: countBy(jobs, ({ end }) => end?.status ?? 'not ended'),
      notEnded: submitter.accepted - jobs.filter(({ end }) => end !== null).length,
      heldNanoUsd: budget?.value.heldNanoUsd ?? 0,
      upstreamCalls: last.total.admitted,
      attempts: attemptsOf(jobs),
      testCalls: attemptsOf(await listJobs(ports, probeTeam)),
      waits: Object.fromEntries(
        (['interactive', 'bulk'] as const).map((lane) => [
          lane,
          waitsOf(
            jobs.filter((job) => job.lane === lane),
            sinceMs,
          ),
        ]),
      ),
    };
  } finally {
    isOver = true;
    await stage.stop();
  }
}

class Submitter {
  readonly #ports: Ports;
  readonly #draws = draw(20261123, 'real');
  accepted = 0;
  /** Submissions that were tried again because storage was away. */
  retries = 0;
  #number = 0;

  constructor(ports: Ports) {
    this.#ports = ports;
  }

  async submit(lane: Lane, count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#submitOne(lane)));
  }

  async #submitOne(lane: Lane): Promise<void> {
    this.#number += 1;
    const size = referenceSize(this.#draws);
    let content = `Question ${this.#number}:`;
    for (let index = 0; content.length < size.promptCharacters; index += 1)
      content += ` ${words[index % words.length]}`;
    const messages = [{ role: 'user', content }];
    const submission = {
      endpoint: '/v1/chat/completions',
      body: { model, messages, max_tokens: size.outputCap },
      model,
      lane,
      deadlineSeconds: 3600,
      metadata: {},
      // A submission that was accepted although its answer got lost is the same job when it is tried again.
      idempotencyKey: `real-${this.#number}`,
      waitSeconds: 0,
    } as const;
    const traceparent = `00-${this.#number.toString(16).padStart(32, '0')}-${this.#number.toString(16).padStart(16, '0')}-01`;
    const principal = { team, role: 'team', authenticatedBy: 'key' } as const;
    await asClient(
      () => submitJob(this.#ports, principal, submission, traceparent),
      () => {
        this.retries += 1;
      },
    );
    this.accepted += 1;
  }
}

function patiently<T>(call: () => Promise<T>): Promise<T> {
  return asClient(call, () => {});
}

/** Every job once all have ended, or as they are at the deadline. */
async function awaitEnds(ports: Ports, deadlineMs: number): Promise<readonly Job[]> {
  for (;;) {
    const live = await patiently(() => ports.live.listLive(team, null));
    if ((live.items.length === 0 && live.next === null) || Date.now() > deadlineMs) break;
    await sleep(1000);
  }
  return listJobs(ports, team);
}

async function listJobs(ports: Ports, of: string): Promise<readonly Job[]> {
  const jobs: Job[] = [];
  for (let after: string | null = null; ; ) {
    const page: Awaited<ReturnType<Ports['jobs']['listJobs']>> = await patiently(() =>
      ports.jobs.listJobs(of, { status: null, limit: 100, after }),
    );
    jobs.push(...page.items);
    if (page.next === null) return jobs;
    after = page.next;
  }
}

function attemptsOf(jobs: readonly Job[]): number {
  return jobs.reduce((sum, { end }) => sum + (end?.attempts.length ?? 0), 0);
}

function waitsOf(jobs: readonly Job[], sinceMs: number) {
  const waits = jobs
    .filter(({ createdAtMs, end }) => createdAtMs >= sinceMs && typeof end?.startedAtMs === 'number')
    .map(({ createdAtMs, end }) => ((end?.startedAtMs ?? createdAtMs) - createdAtMs) / 1000)
    .sort((left, right) => left - right);
  return { jobs: waits.length, p50: percentile(waits, 0.5), p95: percentile(waits, 0.95) };
}

function deploymentsOf(report: SimulatorReport) {
  return report.regions.flatMap(({ deployments }) => deployments);
}

function refusedIn({ total }: SimulatorReport): number {
  return Object.values(total.refused).reduce((sum, count) => sum + count, 0);
}

function countBy<T>(items: readonly T[], keyOf: (item: T) => string): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const item of items) counts[keyOf(item)] = (counts[keyOf(item)] ?? 0) + 1;
  return counts;
}
