import { waitOf } from './measure-waits.ts';
import { chargeOf, type SimulatedJob } from './simulated-job.ts';
import type { ServiceDeployment } from './simulated-service.ts';
import type { Simulation } from './simulation.ts';

export interface BigJobs {
  readonly jobs: number;
  /** Worst wait of a big job ÷ the mean wait of its lane's jobs submitted within 20 s of it. */
  readonly worstOfNeighbours: number;
  /**
   * Worst wait of a big job ÷ the time that the service needs for it: in which a full window frees as many tokens, or longer, where
   * others go before it: until some window has room for it, had nothing but the big jobs before it been sent since its submission.
   */
  readonly worstOfPossible: number;
  readonly longestWaitS: number;
  /** The longest of those possible times. */
  readonly longestPossibleS: number;
}

const bigFromTokens = 10_000;
const nearMs = 20_000;
const windowMs = 60_000;
/** A ratio to waits under a second says nothing. */
const leastS = 1;

/** How much longer big jobs wait than others, and than the service makes them wait. */
export function bigJobFigures({ jobs, service }: Simulation, submitted: readonly SimulatedJob[]): BigJobs {
  const big = submitted.filter(({ size }) => chargeOf(size) >= bigFromTokens);
  let [worstOfNeighbours, worstOfPossible, longestPossibleS] = [0, 0, 0];
  const largestTpm = Math.max(...service.map(({ limits }) => limits.tokensPerMinute));
  for (const job of big) {
    const near = submitted.filter(
      (other) => other.lane === job.lane && other !== job && Math.abs(other.submittedMs - job.submittedMs) < nearMs,
    );
    const mean = near.reduce((sum, other) => sum + waitOf(other), 0) / Math.max(1, near.length);
    worstOfNeighbours = Math.max(worstOfNeighbours, waitOf(job) / Math.max(leastS, mean));
    const before = jobs.filter(
      (other) =>
        other.lane === job.lane &&
        chargeOf(other.size) >= bigFromTokens &&
        other.submittedMs < job.submittedMs &&
        (other.sentMs ?? 0) >= job.submittedMs,
    );
    const possibleS = (earliestOf([...before, job], service, job.submittedMs) - job.submittedMs) / 1000;
    const refillS = (chargeOf(job.size) / largestTpm) * (windowMs / 1000);
    worstOfPossible = Math.max(worstOfPossible, waitOf(job) / Math.max(refillS, possibleS));
    longestPossibleS = Math.max(longestPossibleS, possibleS);
  }
  const longestWaitS = big.reduce((most, job) => Math.max(most, waitOf(job)), 0);
  return { jobs: big.length, worstOfNeighbours, worstOfPossible, longestWaitS, longestPossibleS };
}

interface Charge {
  readonly atMs: number;
  readonly tokens: number;
}

/** When the last of `line` can be sent at the earliest if they go in order and nothing else does from `nowMs` on. */
function earliestOf(line: readonly SimulatedJob[], service: readonly ServiceDeployment[], nowMs: number): number {
  const logs = service.map(({ log, limits }) => ({
    limit: limits.tokensPerMinute,
    charges: log.filter(({ atMs }) => atMs > nowMs - windowMs && atMs <= nowMs) as Charge[],
  }));
  let atMs = nowMs;
  for (const job of line) {
    const tokens = chargeOf(job.size);
    const rooms = logs.map(({ limit, charges }) => roomAt(charges, limit - tokens, atMs));
    atMs = Math.min(...rooms);
    logs[rooms.indexOf(atMs)]?.charges.push({ atMs, tokens });
  }
  return atMs;
}

/** When at most `most` tokens are left in the window of charges that are in order of time. */
function roomAt(charges: readonly Charge[], most: number, fromMs: number): number {
  let left = charges.reduce((sum, { atMs, tokens }) => sum + (atMs > fromMs - windowMs ? tokens : 0), 0);
  if (left <= most) return fromMs;
  for (const { atMs, tokens } of charges) {
    if (atMs <= fromMs - windowMs) continue;
    left -= tokens;
    if (left <= most) return atMs + windowMs;
  }
  return Number.POSITIVE_INFINITY;
}
