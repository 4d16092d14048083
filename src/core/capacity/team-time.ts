import type { TeamLimits } from './pool-limits.ts';
import { ownLimit, ownWindowMs } from './team-turn.ts';

/** Whoever has a turn comes for it within this. */
const GRACE_MS = 10_000;
/** No more of a line than this passes at once: after a standstill of everybody its holders still come in order. */
const MOST_PASSED_MS = 2 * ownWindowMs;

/** Until when a team's limit is accounted for once `cost` more has been sent. */
export function claimTime(limits: TeamLimits, claimedUntilMs: number, cost: number, nowMs: number): number {
  return Math.max(claimedUntilMs, nowMs - GRACE_MS) + timeOf(limits, cost);
}

/** The same once a booking of `cost` has come back unsent. */
export function returnTime(limits: TeamLimits, claimedUntilMs: number, cost: number, nowMs: number): number {
  return Math.min(claimedUntilMs, Math.max(claimedUntilMs - timeOf(limits, cost), nowMs - GRACE_MS));
}

/**
 * What the limit would have let through and nobody came for, in its unit, and until when it then counts as accounted for: whoever held
 * those places is gone. Nothing passes while the limit is turned off.
 */
export function unclaimed(
  limits: TeamLimits,
  claimedUntilMs: number,
  nowMs: number,
): { readonly work: number; readonly claimedUntilMs: number } {
  const fromMs = nowMs - GRACE_MS;
  if (claimedUntilMs >= fromMs) return { work: 0, claimedUntilMs };
  const limit = limits.requestsPerMinute === 0 ? 0 : (ownLimit(limits) ?? 0);
  return { work: (Math.min(fromMs - claimedUntilMs, MOST_PASSED_MS) / 60_000) * limit, claimedUntilMs: fromMs };
}

function timeOf(limits: TeamLimits, cost: number): number {
  return (cost / Math.max(ownLimit(limits) ?? Number.POSITIVE_INFINITY, 1e-6)) * 60_000;
}
