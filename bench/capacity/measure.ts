import { lanes } from '../../src/core/jobs/job.ts';
import { chargeOf, type SimulatedJob } from './simulated-job.ts';
import { peakShare } from './simulated-service.ts';
import type { Simulation } from './simulation.ts';

/** Waits in seconds of the jobs of one lane (or lane and team) that were submitted after the warm-up and sent. */
export interface Waits {
  readonly jobs: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
}

export interface Figures {
  readonly utilisation: number;
  readonly throttledPerJob: number;
  readonly submitted: number;
  readonly done: number;
  readonly lost: number;
  readonly operationsPerJob: number;
  readonly lostCommitsPart: number;
  readonly parksPerJob: number;
  /** Most tokens sent to a deployment in any 60 seconds ÷ its limit. */
  readonly peakShare: number;
  readonly mostRequestsInSlice: number;
  readonly makespanS: number;
  readonly waits: Readonly<Record<string, Waits>>;
  /** p99 ÷ p50 of the wait among jobs of a lane submitted within the same 30 s: the worst of those groups with 50 jobs or more. */
  readonly unfairness: Readonly<Record<string, number>>;
  /** Worst wait of a job of more than 10,000 tokens ÷ the mean wait of its lane's jobs submitted within 20 s of it. */
  readonly bigWaitRatio: number;
  readonly sweepWakes: number;
  readonly realMs: number;
}

/** The figures of a run after its warm-up. */
export function measure(simulation: Simulation, realMs: number): Figures {
  const { scenario, service, jobs, store, startMs } = simulation;
  const fromMs = startMs + scenario.warmUpS * 1000;
  const endMs = simulation.time.nowMs;
  const sent = jobs.filter(({ sentMs }) => sentMs !== null && sentMs >= fromMs);
  const minutes = (endMs - fromMs) / 60_000;
  const quota = service.reduce((sum, { limits }) => sum + limits.tokensPerMinute * minutes, 0);
  const foreign = service.reduce((sum, { foreignTokens }) => sum + foreignTokens, 0);
  const admitted = service.reduce((sum, { admittedTokens }) => sum + admittedTokens, 0);
  const operations = store.operations.reads + store.operations.commits + store.operations.lost;
  const everSent = jobs.filter(({ sentMs }) => sentMs !== null);
  const submitted = jobs.filter(({ submittedMs, sentMs }) => submittedMs >= fromMs && sentMs !== null);
  const waits: Record<string, Waits> = {};
  const unfairness: Record<string, number> = {};
  for (const lane of lanes) {
    const own = (scenario.warmUpS === 0 ? everSent : submitted).filter((job) => job.lane === lane);
    if (own.length === 0) continue;
    waits[lane] = waitsOf(own);
    const teams = new Set(own.map(({ team }) => team));
    if (teams.size > 1)
      for (const team of teams) waits[`${lane}/${team}`] = waitsOf(own.filter((job) => job.team === team));
    unfairness[lane] = unfairnessOf(own);
  }
  const last = everSent.reduce((most, { sentMs }) => Math.max(most, sentMs ?? 0), startMs);
  return {
    utilisation: (admitted + foreign) / quota,
    throttledPerJob: service.reduce((sum, { refused }) => sum + refused, 0) / Math.max(1, sent.length),
    submitted: jobs.filter(({ isCancelled }) => !isCancelled).length,
    done: everSent.length,
    lost: jobs.filter(
      ({ isDone, isCancelled, worker, dueMs }) => !isDone && !isCancelled && worker === null && !Number.isFinite(dueMs),
    ).length,
    operationsPerJob: operations / Math.max(1, everSent.length),
    lostCommitsPart: store.operations.lost / Math.max(1, store.operations.commits + store.operations.lost),
    parksPerJob: everSent.reduce((sum, { parks }) => sum + parks, 0) / Math.max(1, everSent.length),
    peakShare: Math.max(...service.map(peakShare)),
    mostRequestsInSlice: Math.max(...service.map(({ mostRequestsInSlice }) => mostRequestsInSlice)),
    makespanS: (last - startMs) / 1000,
    waits,
    unfairness,
    bigWaitRatio: bigWaitRatioOf(submitted),
    sweepWakes: simulation.sweepWakes,
    realMs,
  };
}

function waitOf(job: SimulatedJob): number {
  return ((job.sentMs ?? job.submittedMs) - job.submittedMs) / 1000;
}

function waitsOf(jobs: readonly SimulatedJob[]): Waits {
  const sorted = jobs.map(waitOf).sort((left, right) => left - right);
  return {
    jobs: sorted.length,
    p50: percentile(sorted, 0.5),
    p95: percentile(sorted, 0.95),
    p99: percentile(sorted, 0.99),
    most: sorted.at(-1) ?? 0,
  };
}

function unfairnessOf(jobs: readonly SimulatedJob[]): number {
  const groups = new Map<number, number[]>();
  for (const job of jobs) {
    const key = Math.floor(job.submittedMs / 30_000);
    const group = groups.get(key) ?? [];
    group.push(waitOf(job));
    groups.set(key, group);
  }
  let worst = 0;
  for (const group of groups.values()) {
    if (group.length < 50) continue;
    group.sort((left, right) => left - right);
    worst = Math.max(worst, percentile(group, 0.99) / Math.max(0.001, percentile(group, 0.5)));
  }
  return worst;
}

function bigWaitRatioOf(jobs: readonly SimulatedJob[]): number {
  let worst = 0;
  for (const big of jobs) {
    if (chargeOf(big.size) < 10_000) continue;
    const neighbours = jobs.filter(
      (job) => job.lane === big.lane && job !== big && Math.abs(job.submittedMs - big.submittedMs) < 20_000,
    );
    if (neighbours.length < 5) continue;
    const mean = neighbours.reduce((sum, job) => sum + waitOf(job), 0) / neighbours.length;
    worst = Math.max(worst, waitOf(big) / Math.max(1, mean));
  }
  return worst;
}

/** Nearest rank. */
export function percentile(sorted: readonly number[], part: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? 0;
}
