import { lanes } from '../../src/core/jobs/job.ts';
import { percentile } from '../percentile.ts';
import type { SimulatedJob } from './simulated-job.ts';

/** Waits in seconds of the jobs of one lane (or lane and team) that were submitted in the measured time and sent. */
export interface Waits {
  readonly jobs: number;
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly most: number;
}

export interface LaneWaits {
  /** By lane, and by `lane/team` where a lane has several. */
  readonly waits: Readonly<Record<string, Waits>>;
  /**
   * p99 ÷ p50 of the wait among jobs of a lane submitted within the same 30 s: the worst of those groups with 50 jobs or more. By
   * `lane/team`, where a lane has several, of those with a dozen: a team with a limit of its own sends no more.
   */
  readonly unfairness: Readonly<Record<string, number>>;
}

const groupMs = 30_000;
const fewestJobs = 50;
const fewestOfTeam = 12;

export function measureWaits(jobs: readonly SimulatedJob[]): LaneWaits {
  const waits: Record<string, Waits> = {};
  const unfairness: Record<string, number> = {};
  for (const lane of lanes) {
    const own = jobs.filter((job) => job.lane === lane);
    if (own.length === 0) continue;
    waits[lane] = waitsOf(own);
    const teams = new Set(own.map(({ team }) => team));
    unfairness[lane] = unfairnessOf(own, fewestJobs);
    if (teams.size === 1) continue;
    for (const team of teams) {
      const ofTeam = own.filter((job) => job.team === team);
      waits[`${lane}/${team}`] = waitsOf(ofTeam);
      unfairness[`${lane}/${team}`] = unfairnessOf(ofTeam, fewestOfTeam);
    }
  }
  return { waits, unfairness };
}

/** Seconds from submission until the call that was admitted was sent; 0 for a job that was not. */
export function waitOf(job: SimulatedJob): number {
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

function unfairnessOf(jobs: readonly SimulatedJob[], fewest: number): number {
  const groups = Map.groupBy(jobs, ({ submittedMs }) => Math.floor(submittedMs / groupMs));
  let worst = Number.NaN;
  for (const group of groups.values()) {
    if (group.length < fewest) continue;
    const { p50, p99 } = waitsOf(group);
    const ratio = p99 / Math.max(0.001, p50);
    worst = Number.isNaN(worst) ? ratio : Math.max(worst, ratio);
  }
  return worst;
}
