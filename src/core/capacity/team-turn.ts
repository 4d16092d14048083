import type { TeamLimits } from './pool-limits.ts';
import type { LimitUnit } from './ticket.ts';
import { findRoom, type RingCharge, type TokenRing, teamRing } from './token-ring.ts';

/** What a job takes of its team's limit, in the limit's unit: tokens, or requests of a team that is limited in those alone. */
export function ownCost({ tokensPerMinute, requestsPerMinute }: TeamLimits, tokens: number): number {
  if (tokensPerMinute === null) return 1;
  // Limits of 0 are switches: a place in a line that stands still has its size all the same.
  if (requestsPerMinute === null || requestsPerMinute === 0) return tokens;
  return Math.max(tokens, tokensPerMinute / requestsPerMinute);
}

/** The unit of a team's own limit; null when it has none. */
export function ownUnit({ tokensPerMinute, requestsPerMinute }: TeamLimits): LimitUnit | null {
  if (tokensPerMinute !== null) return 'tokens';
  return requestsPerMinute === null ? null : 'requests';
}

/** A team's limit in its own unit; null when it has none. */
export function ownLimit({ tokensPerMinute, requestsPerMinute }: TeamLimits): number | null {
  return tokensPerMinute ?? requestsPerMinute;
}

/** A window of the team's ring in milliseconds. */
export const ownWindowMs = teamRing.bucketMs * teamRing.windowBuckets;

/** From one job of a team to its next, as far as its own limit lets them; 0 without one. */
export function ownMsPerJob(limits: TeamLimits, meanTokens: number): number {
  const limit = ownLimit(limits);
  return limit === null ? 0 : (ownCost(limits, meanTokens) / Math.max(limit, 1e-6)) * ownWindowMs;
}

/**
 * Lower lanes go at this multiple of their team's limit, evenly: unpaced, a team would use up its minute in seconds and its calls that
 * wait for their answer would stand until it comes back. Above 1, so that what was not used in time is made up for.
 */
const PACE = 1.03;
/** So far they may fall behind their pace and catch up at once. */
const CATCH_UP_MS = 5000;

/** Until when the pace is paid for once `cost` more has been sent. */
export function payOwnPace(limits: TeamLimits, pacedUntilMs: number, cost: number, nowMs: number): number {
  return paceFrom(pacedUntilMs, nowMs) + paceOf(limits, cost);
}

/** The same once a booking of `cost` has come back unsent. */
export function returnOwnPace(limits: TeamLimits, pacedUntilMs: number, cost: number, nowMs: number): number {
  return Math.min(pacedUntilMs, Math.max(pacedUntilMs - paceOf(limits, cost), nowMs - CATCH_UP_MS));
}

function paceOf(limits: TeamLimits, cost: number): number {
  return (cost / Math.max(ownLimit(limits) ?? Number.POSITIVE_INFINITY, 1e-6)) * (60_000 / PACE);
}

function paceFrom(pacedUntilMs: number, nowMs: number): number {
  return Math.max(pacedUntilMs, nowMs - CATCH_UP_MS);
}

export interface OwnTurnWanted {
  readonly limits: TeamLimits;
  readonly ring: TokenRing;
  /** What is before the job in its team's line, in the limit's unit. */
  readonly before: number;
  readonly tokens: number;
  /** What jobs of its lane take on average: of a whole window about half of one is left over. */
  readonly meanTokens: number;
  /** Until when the pace is paid for; null for work that goes unpaced. */
  readonly pacedUntilMs: number | null;
  readonly fromMs: number;
}

/**
 * When the team's own limit lets a job go: from the moment on at which its ring has room for the job and for everything before it,
 * so that the order of the line is kept and whoever is before it finds room first. What is more than a whole window's comes as many
 * windows later, for each leaves the ring as it found it. Null when no window ever holds the job.
 */
export function findOwnTurn(want: OwnTurnWanted): number | null {
  const { limits, ring, tokens, fromMs } = want;
  const cost = ownCost(limits, tokens);
  const limit = ownLimit(limits) ?? Number.POSITIVE_INFINITY;
  if (limit <= 0 || limits.requestsPerMinute === 0 || cost > limit) return null;
  const perWindow = Math.max(limit / 2, limit - (limits.tokensPerMinute === null ? 0 : want.meanTokens / 2));
  const windows = want.before + cost <= limit ? 0 : Math.ceil((want.before + cost - limit) / perWindow);
  const before = Math.max(0, Math.min(limit - cost, want.before - windows * perWindow));
  const charge = chargeOf(limits, before, tokens);
  const most = {
    tokens: limits.tokensPerMinute ?? Number.POSITIVE_INFINITY,
    requests: limits.requestsPerMinute ?? Number.POSITIVE_INFINITY,
  };
  const roomAtMs = findRoom(teamRing, ring, { charge, limit: most, fromMs, toMs: fromMs + 3 * ownWindowMs });
  if (roomAtMs === null) return null;
  const pacedAtMs = want.pacedUntilMs === null ? 0 : paceFrom(want.pacedUntilMs, fromMs) + paceOf(limits, want.before);
  return Math.max(roomAtMs + windows * ownWindowMs, pacedAtMs);
}

/** Work in a limit's own unit as what the ring counts. Of a team limited in both it stands for the most that it can be of either. */
function chargeOf({ tokensPerMinute, requestsPerMinute }: TeamLimits, before: number, tokens: number): RingCharge {
  if (tokensPerMinute === null) return { tokens, requests: before + 1 };
  if (requestsPerMinute === null) return { tokens: before + tokens, requests: 1 };
  return { tokens: before + tokens, requests: Math.floor((before * requestsPerMinute) / tokensPerMinute) + 1 };
}
