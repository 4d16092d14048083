import { byName } from './by-name.ts';
import { deadBetween, insertStretch } from './stretches.ts';
import type { Ticket } from './ticket.ts';
import {
  bucketOf,
  chargeRing,
  cloneRing,
  createRing,
  forgetBefore,
  type RingCharge,
  type RingShape,
  sumRing,
  type TokenRing,
} from './token-ring.ts';

/**
 * One lane's line: start-time fair queueing in virtual time. Changed in place.
 *
 * Virtual time is tokens per share: a team that is served alone moves it by what it is served, two equal teams by half.
 */
export interface LaneLine {
  virtual: number;
  /** Last finish of every team that has work in line; teams that virtual time has passed are dropped. */
  finishes: Record<string, number>;
  /** Tickets that nobody holds any more, by team, as stretches of virtual time in order. */
  dead: Record<string, [number, number][]>;
  /** Served work that came back unsent: it does not move virtual time a second time. */
  credit: number;
  /** Work that virtual time left behind because its holders slept: served late, it does not move virtual time again. */
  skipped: number;
  /** Mean cost of a ticket, for positions; 0 before the first. */
  meanCost: number;
  /** What the lane was served lately, by five seconds. */
  used: TokenRing;
}

/** Five-second buckets of the last minute. */
export const laneRing: RingShape = { bucketMs: 5000, windowBuckets: 12 };

/** Weight of each team in line; 0 passes a team over for now: it is paused. */
export type WeightOf = (team: string) => number;

/** A job is not late before this many others were served past it. */
const LATE_JOBS = 15;

export function createLaneLine(): LaneLine {
  return { virtual: 0, finishes: byName(), dead: byName(), credit: 0, skipped: 0, meanCost: 0, used: createRing() };
}

/** A copy that shares nothing with the original. */
export function cloneLaneLine(lane: LaneLine): LaneLine {
  const dead = byName<[number, number][]>();
  for (const [team, stretches] of Object.entries(lane.dead)) dead[team] = stretches.map(([from, to]) => [from, to]);
  return { ...lane, finishes: byName(Object.entries(lane.finishes)), dead, used: cloneRing(lane.used) };
}

/** The next place of a team: behind its own last one, never before what is being served now. */
export function issueTicket(lane: LaneLine, team: string, cost: number, share: number): Ticket {
  const ticket = foreseeTicket(lane, team, cost, share);
  lane.finishes[team] = ticket.finish;
  lane.meanCost = lane.meanCost === 0 ? cost : lane.meanCost * 0.95 + cost * 0.05;
  return ticket;
}

/** The ticket that a job would be given if it joined the line now. */
export function foreseeTicket(lane: LaneLine, team: string, cost: number, share: number): Ticket {
  const start = Math.max(lane.virtual, lane.finishes[team] ?? 0);
  return { start, finish: start + cost / share };
}

/**
 * Whether a job (with the ticket it has, null before its first) is all that its team has in line, and due: a team that asks for
 * little does not wait behind what others are late with.
 */
export function isOnlyOne(lane: LaneLine, team: string, ticket: Ticket | null): boolean {
  const finish = lane.finishes[team];
  if (ticket === null) return finish === undefined;
  // Virtual time may have passed it while it waits for room; what lies further back is a team's that was not served for other reasons.
  if (finish === undefined) return lane.virtual - ticket.finish < LATE_JOBS * lane.meanCost;
  return ticket.finish === finish && ticket.start <= lane.virtual;
}

/** Whether a team has so many jobs in line that its next one waits for many of its own. */
export function hasLongLine(lane: LaneLine, team: string): boolean {
  return (lane.finishes[team] ?? 0) - lane.virtual > LATE_JOBS * lane.meanCost;
}

/** Tokens that are served before a ticket that starts at `start` (Infinity: everything in line). */
export function workAhead(lane: LaneLine, start: number, weightOf: WeightOf): number {
  let ahead = 0;
  for (const team of Object.keys(lane.finishes)) ahead += teamWork(lane, team, start, weightOf);
  return ahead;
}

/** One team's part of it. */
export function teamWork(lane: LaneLine, team: string, start: number, weightOf: WeightOf): number {
  const upTo = Math.min(start, lane.finishes[team] ?? lane.virtual);
  if (upTo <= lane.virtual) return 0;
  return weightOf(team) * (upTo - lane.virtual - deadBetween(lane.dead[team], lane.virtual, upTo));
}

/** Moves virtual time by work that was served, less what was credited or had been left behind. */
export function serveWork(lane: LaneLine, work: ServedWork, weightOf: WeightOf): void {
  chargeRing(laneRing, lane.used, { tokens: work.cost, requests: 1 }, work.atMs);
  const credited = Math.min(lane.credit, work.cost);
  lane.credit -= credited;
  const late = work.isLate ? Math.min(lane.skipped, work.cost - credited) : 0;
  lane.skipped -= late;
  passWork(lane, work.cost - credited - late, weightOf);
}

/**
 * Work that is served before its turn leaves the line. If virtual time moved by it at once, it would pass over others now and stand
 * still later, when it comes to the stretch of the line that nobody asks for any more, while everyone behind sleeps.
 */
export function serveAhead(lane: LaneLine, team: string, ticket: Ticket, { cost, atMs }: ServedWork): void {
  chargeRing(laneRing, lane.used, { tokens: cost, requests: 1 }, atMs);
  // Served before and given back: virtual time never moved for it, and walks over its place for nothing now as then.
  lane.credit -= Math.min(lane.credit, cost);
  leaveLine(lane, team, ticket);
}

export interface ServedWork {
  readonly cost: number;
  readonly atMs: number;
  /** Its place in line is well behind virtual time. */
  readonly isLate: boolean;
}

/** Moves virtual time until `tokens` of the work in line are behind it; returns what was left when the line was empty. */
export function passWork(lane: LaneLine, tokens: number, weightOf: WeightOf): number {
  let left = tokens;
  for (;;) {
    const step = nextStep(lane, weightOf);
    if (step === null) {
      dropPassed(lane);
      return left;
    }
    const work = step.weight * (step.until - lane.virtual);
    if (work > left) {
      lane.virtual += left / step.weight;
      dropPassed(lane);
      return 0;
    }
    left -= work;
    lane.virtual = step.until;
    dropPassed(lane);
  }
}

/** Moves virtual time to a ticket's start: whoever held the places before it slept while capacity went unused. */
export function jumpTo(lane: LaneLine, start: number, weightOf: WeightOf): void {
  lane.skipped += workAhead(lane, start, weightOf);
  lane.virtual = Math.max(lane.virtual, start);
  dropPassed(lane);
}

/** Takes a ticket out of the line: its holder was cancelled or has given up. */
export function leaveLine(lane: LaneLine, team: string, ticket: Ticket): void {
  const finish = lane.finishes[team];
  if (finish === undefined || ticket.finish <= lane.virtual) return;
  const stretches = insertStretch(lane.dead[team] ?? [], [Math.max(ticket.start, lane.virtual), ticket.finish]);
  const last = stretches.at(-1);
  if (last !== undefined && last[1] >= finish - 1e-6) {
    stretches.pop();
    lane.finishes[team] = last[0];
  }
  lane.dead[team] = stretches;
  dropPassed(lane);
}

/**
 * Takes in a ticket that the line does not know of, because its row was lost and began anew; true when there was something to take in.
 * One that starts beyond everything known moves virtual time to its start: whoever came since then does not go before those who waited.
 */
export function adoptTicket(lane: LaneLine, team: string, ticket: Ticket, weightOf: WeightOf): boolean {
  if (ticket.finish <= Math.max(lane.virtual, lane.finishes[team] ?? 0)) return false;
  const last = Math.max(lane.virtual, ...Object.values(lane.finishes));
  if (ticket.start > last) jumpTo(lane, ticket.start, weightOf);
  lane.finishes[team] = ticket.finish;
  return true;
}

/** What was served to the lane in the minute that ends at `atMs`. */
export function usedInMinute(lane: LaneLine, atMs: number): RingCharge {
  return sumRing(laneRing, lane.used, atMs);
}

/** Jobs that were served from the five seconds on in which `fromMs` lies. */
export function servedSince({ used }: LaneLine, fromMs: number): number {
  const first = Math.max(0, bucketOf(laneRing, fromMs) - used.first);
  return used.requests.slice(first).reduce((sum, requests) => sum + requests, 0);
}

/** Whether the lane has work in line, or had some within the ten minutes that its ring keeps. */
export function isInUse(lane: LaneLine): boolean {
  return Object.keys(lane.finishes).length > 0 || lane.used.requests.some((requests) => requests > 0);
}

/** Forgets service that lies more than a minute back. */
export function forgetService(lane: LaneLine, nowMs: number): void {
  forgetBefore(laneRing, lane.used, nowMs);
}

/** The next stretch of virtual time in which the same teams are served, and their weight; null when nobody is in line. */
function nextStep(lane: LaneLine, weightOf: WeightOf): { weight: number; until: number } | null {
  let weight = 0;
  let until = Number.POSITIVE_INFINITY;
  let skipTo = Number.POSITIVE_INFINITY;
  for (const [team, finish] of Object.entries(lane.finishes)) {
    const own = weightOf(team);
    if (own <= 0 || finish <= lane.virtual) continue;
    const stretch = lane.dead[team]?.find(([, to]) => to > lane.virtual);
    if (stretch !== undefined && stretch[0] <= lane.virtual) {
      skipTo = Math.min(skipTo, stretch[1]);
      continue;
    }
    weight += own;
    until = Math.min(until, finish, stretch?.[0] ?? finish);
  }
  // Only dead places: virtual time walks over them for nothing.
  if (weight === 0) return skipTo === Number.POSITIVE_INFINITY ? null : { weight: 0, until: skipTo };
  return { weight, until: Math.min(until, skipTo) };
}

function dropPassed(lane: LaneLine): void {
  let isEmpty = true;
  for (const [team, finish] of Object.entries(lane.finishes)) {
    if (finish <= lane.virtual) {
      delete lane.finishes[team];
      delete lane.dead[team];
      continue;
    }
    isEmpty = false;
    const stretches = lane.dead[team];
    if (stretches === undefined) continue;
    const left = stretches.filter(([, to]) => to > lane.virtual);
    if (left.length > 0) lane.dead[team] = left;
    else delete lane.dead[team];
  }
  if (isEmpty) lane.skipped = 0;
}
