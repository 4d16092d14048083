import { type Lane, lanes } from '../jobs/job.ts';
import { deadBetween, insertStretch, type Stretches } from './stretches.ts';
import type { LimitUnit, OwnPlace } from './ticket.ts';

/** One lane of a team's own line, in units of the team's limit. Changed in place. */
export interface OwnLane {
  /** Everything before this has been sent, or was passed because nobody came for it. */
  served: number;
  /** Where the next place begins. */
  issued: number;
  /** Places that nobody holds any more. */
  dead: Stretches;
}

/**
 * The line of a team that has a limit of its own: first come, first served in each lane, the more urgent lanes first. Its virtual time
 * moves with what the team itself is served and with nothing else, so that what is before a job is what its team has yet to send.
 */
export interface TeamLine {
  /** Places in another unit are none of this line's: the team's limit has been changed. */
  readonly unit: LimitUnit;
  readonly lanes: Record<Lane, OwnLane>;
  /** Until when what was served is paid for at the pace of the lower lanes. */
  pacedUntilMs: number;
  /** Until when the limit is accounted for: by what was sent, or by a head of line that it keeps waiting. */
  claimedUntilMs: number;
}

export function createTeamLine(unit: LimitUnit, claimedUntilMs = 0): TeamLine {
  const lane = (): OwnLane => ({ served: 0, issued: 0, dead: [] });
  return { unit, lanes: { interactive: lane(), standard: lane(), bulk: lane() }, pacedUntilMs: 0, claimedUntilMs };
}

/** A copy that shares nothing with the original. */
export function cloneTeamLine({ unit, lanes: own, pacedUntilMs, claimedUntilMs }: TeamLine): TeamLine {
  const copy = ({ served, issued, dead }: OwnLane): OwnLane => ({
    served,
    issued,
    dead: dead.map(([from, to]) => [from, to]),
  });
  const { interactive, standard, bulk } = own;
  const copies = { interactive: copy(interactive), standard: copy(standard), bulk: copy(bulk) };
  return { unit, lanes: copies, pacedUntilMs, claimedUntilMs };
}

/** The next place of a lane. */
export function issueOwn(line: TeamLine, lane: Lane, cost: number): OwnPlace {
  const own = line.lanes[lane];
  const start = Math.max(own.issued, own.served);
  own.issued = start + cost;
  return { start, finish: own.issued, unit: line.unit, isWaiting: true };
}

/** What the team has yet to send before a place of a lane (Infinity: behind its last one): its more urgent lanes, and who came earlier. */
export function workBefore(line: TeamLine, lane: Lane, start: number): number {
  let before = 0;
  for (const other of lanes) {
    before += workOfLane(line, other, other === lane ? start : Number.POSITIVE_INFINITY);
    if (other === lane) break;
  }
  return before;
}

/** The part of it that is in the lane itself. */
export function workOfLane(line: TeamLine, lane: Lane, start: number): number {
  const { served, issued, dead } = line.lanes[lane];
  const upTo = Math.min(start, issued);
  return upTo <= served ? 0 : upTo - served - deadBetween(dead, served, upTo);
}

/**
 * A place is sent. There was room for all that is before it, too: who did not come for it goes as soon as he comes, and keeps nobody
 * back any longer.
 */
export function serveOwn(line: TeamLine, lane: Lane, place: OwnPlace): void {
  for (const other of lanes) {
    const own = line.lanes[other];
    passOwn(own, Math.min(own.issued, other === lane ? place.finish : own.issued));
    if (other === lane) break;
  }
}

/** Passes so much of the work in line, the more urgent lanes first, and what is dead for nothing; false when nobody is in line. */
export function passUnclaimed(line: TeamLine, work: number): boolean {
  if (isTeamLineEmpty(line)) return false;
  let left = work;
  for (const lane of lanes) {
    const own = line.lanes[lane];
    while (left > 0 && own.served < own.issued) {
      const dead = own.dead.find(([, to]) => to > own.served);
      const isDead = dead !== undefined && dead[0] <= own.served;
      const until = isDead ? dead[1] : Math.min(own.issued, dead?.[0] ?? own.issued);
      const step = isDead ? until - own.served : Math.min(left, until - own.served);
      if (!isDead) left -= step;
      passOwn(own, own.served + step >= until ? until : own.served + step);
      // Less than a millionth is what rounding leaves.
      if (left < 1e-6) left = 0;
    }
  }
  return true;
}

/** Takes a place out: its holder was cancelled or has given up. */
export function leaveOwn(line: TeamLine, lane: Lane, { start, finish, unit }: OwnPlace): void {
  const own = line.lanes[lane];
  if (unit !== line.unit || finish <= own.served) return;
  own.dead = insertStretch(own.dead, [Math.max(start, own.served), finish]);
  const last = own.dead.at(-1);
  if (last !== undefined && last[1] >= own.issued - 1e-6) {
    own.dead.pop();
    own.issued = Math.max(last[0], own.served);
  }
}

/**
 * Takes in a place that the line does not know of, because its row was lost or it was empty and forgotten meanwhile; true when there
 * was something to take in. What lies between the places that are known holds nobody back.
 */
export function adoptOwn(line: TeamLine, lane: Lane, { start, finish }: OwnPlace): boolean {
  const own = line.lanes[lane];
  if (finish <= Math.max(own.issued, own.served)) return false;
  if (own.issued <= own.served) own.served = Math.max(own.served, start);
  else if (start > own.issued) own.dead = insertStretch(own.dead, [own.issued, start]);
  own.issued = finish;
  return true;
}

/** Whether everyone in the line has been served. */
export function isTeamLineEmpty(line: TeamLine): boolean {
  return lanes.every((lane) => line.lanes[lane].issued <= line.lanes[lane].served);
}

function passOwn(own: OwnLane, upTo: number): void {
  own.served = Math.max(own.served, upTo);
  own.dead = own.dead.filter(([, to]) => to > own.served);
}
