import { lanes } from '../jobs/job.ts';
import { byName } from './by-name.ts';
import type { BookingRequest, BookingResult } from './capacity.ts';
import type { Decision } from './decision.ts';
import type { PoolState } from './pool-state.ts';

/** An entity holds some 520,000 characters. What one batch and the room of small lanes add to this many is less than the rest. */
const FULL_FROM = 400_000;
/** A lane in which fewer teams stand takes further ones in although the row is full of other lanes' teams. */
const SMALL_LANE = 100;
/** Who is put off comes again after this. */
const PUT_OFF_MS = 5000;

/** Whether the line's row, as text, names so many teams that no further ones fit. */
export function isRowFull(text: string): boolean {
  return text.length >= FULL_FROM;
}

/**
 * Puts off the first job that a team would have in a lane of a line that is full: the row would else outgrow what an entity holds, and
 * nobody could be booked any more. Null for every other job. Its wait has no ticket: it has no place yet.
 */
export function putOffNewcomer(decision: Decision, request: BookingRequest): BookingResult | null {
  const { state, isLineFull, nowMs } = decision;
  if (!isLineFull || request.ticket !== null) return null;
  const { team, lane } = request;
  const isInLine = state.line.lanes[lane].finishes[team] !== undefined || isInOwnLine(state, team, lane);
  if (isInLine || teamsIn(state, lane) < SMALL_LANE) return null;
  return { outcome: 'wait', untilMs: nowMs + PUT_OFF_MS, ticket: null, reason: 'contention' };
}

/** Takes out of a full line what it can do without: virtual time passes places that nobody holds as if somebody did. */
export function shortenLine({ state, isLineFull }: Decision): void {
  if (!isLineFull) return;
  for (const lane of lanes) state.line.lanes[lane].dead = byName();
  for (const line of Object.values(state.line.teams)) for (const lane of lanes) line.lanes[lane].dead = [];
}

function teamsIn(state: PoolState, lane: BookingRequest['lane']): number {
  const own = Object.keys(state.line.teams).filter((team) => isInOwnLine(state, team, lane));
  return new Set([...Object.keys(state.line.lanes[lane].finishes), ...own]).size;
}

function isInOwnLine(state: PoolState, team: string, lane: BookingRequest['lane']): boolean {
  return (state.line.teams[team]?.lanes[lane].issued ?? 0) > 0;
}
