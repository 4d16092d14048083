import type { Lane } from '../jobs/job.ts';
import { lanes } from '../jobs/job.ts';
import { type Decision, HORIZON_MS, poolTokensPerMs, shareOfMinute, unusedMs } from './decision.ts';
import { tokensPerMs } from './deployment-ledger.ts';
import { type LaneLine, workAhead } from './lane-line.ts';
import { nextRequestRoom, sliceOf } from './request-log.ts';
import { findRoomAhead, whenRoomFor } from './room-ahead.ts';

/** A lower lane that waits is left at least this part of the pool. */
export const LEAST_SHARE = 0.1;
/** Interactive work beyond half of the pool, and a tenth of that for chance, is served as standard. */
export const MOST_INTERACTIVE = 0.55;
/** From this share on interactive work alone fills every window: unpaced it would beat, and who asks for little would wait with the rest. */
const ALL_INTERACTIVE = 0.9;
/** It stays paced down to this share while its line is so long: unpaced in between, it would take the pace of seconds to come. */
const ALL_STILL = 0.75;
const LONG_LINE_MS = 3000;
/** But for a burst that has taken more of the pace than this at once: paced, everybody would stand still beside room that is left. */
const BURST_MS = 10_000;

/** Where windows and an even rate differ by less, it is chance, and who keeps to the even rate makes the next minute even. */
const CHANCE_MS = 5000;

/** Whether interactive work has had so much of the last minute that, while others wait or all windows are full of it, it is paced and goes behind standard work. */
export function isInteractiveDemoted(decision: Decision): boolean {
  const share = shareOfMinute(decision, 'interactive');
  if (share > ALL_INTERACTIVE) return true;
  if (share <= MOST_INTERACTIVE) return false;
  const { interactive, standard, bulk } = decision.state.line.lanes;
  const waiting = (line: LaneLine) => workAhead(line, Number.POSITIVE_INFINITY, decision.weightOf);
  if (waiting(standard) > 0 || waiting(bulk) > 0) return true;
  const isLong = waiting(interactive) > LONG_LINE_MS * poolTokensPerMs(decision, 'interactive');
  return share > ALL_STILL && isLong && unusedMs(decision) > -BURST_MS;
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
  const evenlyMs = Math.max(decision.nowMs, base) + waitFor(decision, lane, Math.max(0, ahead));
  return Math.min(evenlyMs, sliceTurn(decision, lane, ahead) ?? evenlyMs);
}

/**
 * When the slice begins that lets a job with `ahead` tokens before it through, while requests are what limits the pool: small jobs do
 * not go evenly but a slice at a time. Null when tokens limit it.
 */
export function sliceTurn(decision: Decision, lane: Lane, ahead: number): number | null {
  const mean = decision.state.line.lanes[lane].meanCost;
  if (decision.open.length === 0 || mean <= 0) return null;
  if (!doRequestsLimit(decision, lane)) return null;
  const part = laneTokensPerMs(decision, lane) / poolTokensPerMs(decision, lane);
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

/** How long it takes until a lane has been served so many tokens. */
function waitFor(decision: Decision, lane: Lane, ahead: number): number {
  const perMs = laneTokensPerMs(decision, lane);
  // Interactive work is not paced, and nobody with a place far back waits in its line.
  if (lane === 'interactive' || decision.open.length === 0) return ahead / perMs;
  // There windows have room for more than may be sent.
  if (doRequestsLimit(decision, lane)) return promisedMs(decision) + ahead / perMs;
  const pool = poolTokensPerMs(decision, lane);
  const foreseenMs = whenRoomFor(findRoomAhead(decision), (ahead * pool) / perMs, pool);
  return Math.abs(foreseenMs - ahead / perMs) > CHANCE_MS ? foreseenMs : ahead / perMs;
}

/** Whether it is requests that limit the pool for a lane's jobs, not tokens. */
function doRequestsLimit(decision: Decision, lane: Lane): boolean {
  return poolTokensPerMs(decision, lane) < 0.9 * nominalTokensPerMs(decision);
}

/** How long the pace is already given away beyond the horizon. */
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
