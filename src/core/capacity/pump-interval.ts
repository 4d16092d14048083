/** How often a process may commit to a pool's row. */
export interface PumpPace {
  /** Moving part of commits that were lost, 0–1. */
  readonly lostRate: number;
  /** How long the line was at the last commit; null when nobody had to wait. */
  readonly backlogMs: number | null;
  /** Whether the last batch was committed; one that changed nothing got in nobody's way. */
  readonly hasWritten: boolean;
}

/** Without contention and backlog: as long as one more caller may join. */
const QUICK_MS = 20;
/** While everyone waits for a turn: bookings reach two seconds ahead, so asking more often only costs operations. */
const BACKLOG_MS = 1650;
/** A line that is nearly over: what is left should not wait for its worker's interval. */
const SHORT_MS = 300;
const SHORT_BACKLOG_MS = 6000;
/** So many at once that have no place in line yet: until they have, they keep those from the workers whose turn has come. */
const RUSH = 16;
const RUSH_MS = 300;
/** The row is shared by more processes than it bears: everybody asks less often. */
const MOST_MS = 15_000;
/** Urgent work waits this long at most for contention. */
const MOST_URGENT_MS = 400;
/** Weight of the newest commit in the moving rate. */
const WEIGHT = 0.15;

/** The pace of a process that has not committed yet. */
export const firstPace: PumpPace = { lostRate: 0, backlogMs: null, hasWritten: false };

/** Counts one commit. */
export function countCommit(pace: PumpPace, isLost: boolean): PumpPace {
  return { ...pace, lostRate: pace.lostRate * (1 - WEIGHT) + (isLost ? WEIGHT : 0) };
}

/** The least time between two commits; it widens with the rate of lost ones. */
export function intervalMs(pace: PumpPace, isUrgent: boolean, newcomers = 0): number {
  // A third lost is what a row bears: from there on the interval grows steeply.
  const strain = (pace.lostRate / 0.33) ** 2;
  if (isUrgent) return Math.min(MOST_URGENT_MS, QUICK_MS * strain * 4);
  const base = baseMs(pace, newcomers);
  return pace.hasWritten ? Math.min(MOST_MS, base * (1 + strain)) : base;
}

function baseMs({ backlogMs }: PumpPace, newcomers: number): number {
  if (backlogMs === null) return QUICK_MS;
  if (newcomers >= RUSH) return RUSH_MS;
  return backlogMs < SHORT_BACKLOG_MS ? SHORT_MS : BACKLOG_MS;
}
