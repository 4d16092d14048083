import type { Lane } from '../jobs/job.ts';
import { lanes } from '../jobs/job.ts';
import { type Decision, HORIZON_MS, poolTokensPerMs, shareOfMinute, unusedMs } from './decision.ts';
import { tokensPerMs } from './deployment-ledger.ts';
import { workAhead } from './lane-line.ts';
import { nextRequestRoom, sliceOf } from './request-log.ts';

/** A lower lane that waits is left at least this part of the pool. */
export const LEAST_SHARE = 0.1;
/** Interactive work beyond half of the pool, and a tenth of that for chance, is served as standard. */
export const MOST_INTERACTIVE = 0.55;
/** From this share on interactive work alone fills every window: unpaced it would beat, and who asks for little would wait with the rest. */
const ALL_INTERACTIVE = 0.9;

/** Whether interactive work has had so much of the last minute that, while others wait or all windows are full of it, it is paced and goes behind standard work. */
export function isInteractiveDemoted(decision: Decision): boolean {
  const share = shareOfMinute(decision, 'interactive');
  if (share > ALL_INTERACTIVE) return true;
  if (share <= MOST_INTERACTIVE) return false;
  const { standard, bulk } = decision.state.line.lanes;
  return [standard, bulk].some((line) => workAhead(line, Number.POSITIVE_INFINITY, decision.weightOf) > 0);
}

/** Lanes in the order in which this decision serves them. */
export function laneOrder(isDemoted: boolean): readonly Lane[] {
  return isDemoted ? ['standard', 'interactive', 'bulk'] : lanes;
}

/** What a lane is served per millisecond, in tokens: the pool less the share that more urgent lanes have had, never under its least share. */
export function laneTokensPerMs(decision: Decision, lane: Lane): number {
  const order = laneOrder(isInteractiveDemoted(decision));
  const pool = decision.open.length > 0 ? poolTokensPerMs(decision, lane) : nominalTokensPerMs(decision);
  const used = order.slice(0, order.indexOf(lane)).reduce((sum, other) => sum + shareOfMinute(decision, other), 0);
  return Math.max(pool * Math.max(1 - used, LEAST_SHARE), 1e-6);
}

/** When the turn of a job comes that has `ahead` tokens before it: from now, or from when a deployment opens again. */
export function estimateTurn(decision: Decision, lane: Lane, ahead: number): number {
  const base = Number.isFinite(decision.reopensAtMs) ? decision.reopensAtMs : decision.nowMs + 60_000;
  const evenlyMs =
    Math.max(decision.nowMs, base) +
    (lane === 'interactive' ? 0 : promisedMs(decision)) +
    Math.max(0, ahead) / laneTokensPerMs(decision, lane);
  return Math.min(evenlyMs, sliceTurn(decision, lane, ahead) ?? evenlyMs);
}

/**
 * When the slice begins that lets a job with `ahead` tokens before it through, while requests are what limits the pool: small jobs do
 * not go evenly but a slice at a time. Null when tokens limit it.
 */
export function sliceTurn(decision: Decision, lane: Lane, ahead: number): number | null {
  const mean = decision.state.line.lanes[lane].meanCost;
  if (decision.open.length === 0 || mean <= 0) return null;
  const pool = poolTokensPerMs(decision, lane);
  if (pool >= 0.9 * nominalTokensPerMs(decision)) return null;
  const part = laneTokensPerMs(decision, lane) / pool;
  let [free, perSlice, stepMs, freeAtMs] = [0, 0, 0, Number.POSITIVE_INFINITY];
  for (const { limits, ledger } of decision.open) {
    const slice = sliceOf(limits.requestsPerMinute, limits.requestWindowSeconds);
    const next = nextRequestRoom(ledger.requests, slice, decision.nowMs);
    free += next.free;
    perSlice += slice.limit;
    stepMs = Math.max(stepMs, slice.windowMs);
    freeAtMs = Math.min(freeAtMs, next.fullUntilMs);
  }
  const jobs = Math.max(0, ahead) / mean / part;
  if (jobs < free) return decision.nowMs;
  return freeAtMs + Math.floor((jobs - free) / Math.max(1, perSlice)) * stepMs;
}

/** How long the pace is already given away beyond the horizon: big jobs hold far send times that are no longer in line. */
function promisedMs(decision: Decision): number {
  return Math.max(0, -unusedMs(decision) - HORIZON_MS);
}

/** The rate by tokens alone. With every deployment closed a wait is still told: at the rate they will have when they open. */
function nominalTokensPerMs(decision: Decision): number {
  return (decision.open.length > 0 ? decision.open.map(({ limits }) => limits) : decision.limits.deployments).reduce(
    (sum, limits) => sum + tokensPerMs(limits, 0),
    0,
  );
}
