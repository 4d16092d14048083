import type { Lane } from '../jobs/job.ts';
import { estimateAdmission } from './admission-estimate.ts';
import { bigFrom, blockingFrom, leadOf } from './big-job.ts';
import {
  type Ask,
  type Decision,
  HORIZON_MS,
  isPassingUnused,
  limitsOfTeam,
  RESERVE,
  shareOfMinute,
  UNUSED_MS,
  unusedMs,
} from './decision.ts';
import { joinLine } from './join-line.ts';
import { isInUse, jumpTo, type LaneLine, serveAhead, serveWork, workAhead } from './lane-line.ts';
import { ableFor, type FoundPlace, findPlace, type PlaceWanted, takePlace, thereFor } from './place-job.ts';
import { FARTHEST_MS, findReservedTurn, reserveFar, yieldFarPlaces } from './reserve-far.ts';
import { serveOwn } from './team-line.ts';
import { claimTime } from './team-time.ts';
import { ownCost, payOwnPace } from './team-turn.ts';
import { deploymentRing } from './token-ring.ts';
import {
  estimateTurn,
  isInteractiveDemoted,
  LEAST_SHARE,
  laneOrder,
  laneTokensPerMs,
  sliceTurn,
} from './turn-estimate.ts';
import { closedBy, closedTo, type Place, setWait, wait } from './wait-for-turn.ts';

/** A head of line that was passed by this much capacity books far ahead. */
const PASSED_MS = 3000;
/** How far the first job of a team that had nothing in line may overdraw the pace: others have booked that far ahead. */
const SPARSE_OVERDRAW_MS = 4000;
/** Far bookings of ordinary jobs that a lane holds at a time. */
const MOST_FAR = 3;
/** The same while a big job's far booking stands: around it there is room at set times only. */
const MOST_FAR_AROUND_BIG = 40;

/** A held send time that is nearer than this leaves room for another one just within the farthest window. */
const VACANCY_MS = FARTHEST_MS - deploymentRing.bucketMs * (deploymentRing.windowBuckets + 1);

/** Serves one lane's asks in the order of their tickets: books, reserves, or says how long to wait. */
export function serveLane(decision: Decision, lane: Lane, places: readonly Place[]): void {
  if (places.length === 0) return;
  const line = decision.state.line.lanes[lane];
  const isPaced = lane !== 'interactive' || isInteractiveDemoted(decision);
  const common: PlaceWanted = {
    isPaced,
    isEven: isPaced && areSlicesShared(decision, lane),
    reserve: RESERVE,
    untilMs: decision.nowMs + HORIZON_MS,
    overdrawMs: 0,
  };
  const inOrder = places.toSorted(
    (left, right) =>
      Number(right.isSparse) - Number(left.isSparse) ||
      left.ticket.start - right.ticket.start ||
      (left.ask.own?.start ?? 0) - (right.ask.own?.start ?? 0),
  );
  // What a team's flood of interactive work has taken before it was paced is up to a minute's pace: others go where there is room.
  const overdrawMs = lane === 'interactive' ? FARTHEST_MS : SPARSE_OVERDRAW_MS;
  const wantOf = (place: Place) => (place.isSparse ? { ...common, overdrawMs, reserve: 0 } : common);
  const early: Place[] = [];
  for (const each of inOrder) {
    if (findReservedTurn(decision, each.ask, each.ticket)) continue;
    const place = joinLine(decision, lane, each);
    if (place === null) continue;
    const want = wantOf(place);
    const isHeld = isPaced && isHeldBack(decision, lane);
    if (isHeld) wait(decision, lane, place, 'line');
    else if (!isDue(decision, lane, place)) early.push(place);
    else serveDue(decision, lane, place, want);
  }
  for (const place of early) serveEarly(decision, lane, place, common, line);
}

function serveDue(decision: Decision, lane: Lane, place: Place, want: PlaceWanted): void {
  const near = findPlace(decision, place.ask, want);
  if (near.isFound) {
    book(decision, lane, place, near);
    return;
  }
  const isOwnLimit = near.reason !== 'tpm' && near.reason !== 'rpm';
  // Its team's own jobs behind it would else take what comes free before there is enough for it.
  if (isOwnLimit && isPassedInTeam(decision, lane, place) && holdTurn(decision, lane, place, want)) return;
  if (isOwnLimit) {
    setWait(place, Math.max(decision.nowMs + 200, near.untilMs - HORIZON_MS + 300), closedBy(decision, near.reason));
    return;
  }
  const isStuckNow = isStuck(decision, lane, place);
  // The far send times of ordinary jobs behind it would make a big interactive job wait longer than the service does.
  if (isStuckNow && lane === 'interactive')
    yieldFarPlaces(decision, (held) => held.lane !== lane && held.tokens < bigFrom(decision));
  if (isStuckNow && holdTurn(decision, lane, place, want)) return;
  if (thereFor(decision, place.ask.request).length === 0) {
    const { untilMs, reason } = closedTo(decision, ableFor(decision, place.ask.request));
    setWait(place, Math.max(decision.nowMs + 200, untilMs), reason);
    return;
  }
  const far = findPlace(decision, place.ask, { ...want, untilMs: decision.nowMs + FARTHEST_MS });
  if (leadOf(decision, place.ask) > 0 && !(far.isFound && decision.isLineFull)) {
    setWait(place, nextVacancy(decision, lane, place), closedBy(decision, near.reason));
    return;
  }
  const whenMs = far.isFound ? far.sendAtMs : Math.max(far.untilMs, decision.reopensAtMs);
  setWait(place, Math.max(decision.nowMs + 200, whenMs - HORIZON_MS + 300), closedBy(decision, near.reason));
}

/** Holds the earliest send time there is, however far, and answers with it; false when there is none. */
function holdTurn(decision: Decision, lane: Lane, place: Place, want: PlaceWanted): boolean {
  const heldAtMs = holdFar(decision, lane, place, want);
  if (heldAtMs === null) return false;
  serve(decision, lane, place, heldAtMs);
  findReservedTurn(decision, place.ask, place.ticket);
  return true;
}

/** Whether a job that its team's own limit holds has been passed by in its team's line, or is too big to find room by chance. */
function isPassedInTeam(decision: Decision, lane: Lane, { ask }: Place): boolean {
  const { request, own } = ask;
  const line = decision.state.line.teams[request.team];
  if (own === null || line === undefined || decision.open.length === 0) return false;
  return leadOf(decision, ask) > 0 || own.finish <= line.lanes[lane].served;
}

/** Holds a far send time and tells it; two jobs of half a deployment fit into its minute only without the reserve. */
function holdFar(decision: Decision, lane: Lane, place: Place, want: PlaceWanted): number | null {
  const { ask, ticket } = place;
  if (leadOf(decision, ask) === 0) return reserveFar(decision, ask, want);
  const ahead = workAhead(decision.state.line.lanes[lane], ticket.start, decision.weightOf);
  const turnMs = lane === 'interactive' ? 0 : estimateTurn(decision, lane, ahead);
  const mayWait = nextVacancy(decision, lane, place) < turnMs;
  const heldAtMs = reserveFar(decision, ask, want, { turnMs, mayWait });
  return heldAtMs === null && !mayWait ? reserveFar(decision, ask, { ...want, reserve: 0 }) : heldAtMs;
}

/** Not its turn by the line, but what is there would pass unused: who is before it sleeps or is gone. */
function serveEarly(decision: Decision, lane: Lane, place: Place, want: PlaceWanted, line: LaneLine): void {
  const isIdle = !want.isPaced || unusedMs(decision, want.isEven === true ? lane : null) > UNUSED_MS;
  const soon = want.isPaced ? want.untilMs : decision.earliestMs + 200;
  const found = isIdle ? findPlace(decision, place.ask, { ...want, untilMs: soon }) : null;
  if (found === null || !found.isFound) {
    wait(decision, lane, place, 'line');
    return;
  }
  if (!place.isNew) jumpTo(line, place.ticket.start, decision.weightOf);
  book(decision, lane, place, found);
}

function book(decision: Decision, lane: Lane, place: Place, found: FoundPlace): void {
  serve(decision, lane, place, found.sendAtMs);
  place.ask.result = { outcome: 'booked', booking: takePlace(decision, place.ask, found), ticket: place.ticket };
}

function serve(decision: Decision, lane: Lane, { ask, ticket }: Place, atMs: number): void {
  const line = decision.state.line.lanes[lane];
  const weight = Math.max(decision.weightOf(ask.request.team), 1e-6);
  const behind = (line.virtual - ticket.start) * weight;
  const isLate = behind > PASSED_MS * laneTokensPerMs(decision, lane);
  serveTeam(decision, lane, ask);
  const work = { cost: estimateAdmission(ask.request.estimate), atMs, isLate };
  // A big job holds its send time long before its turn.
  if (leadOf(decision, ask) > 0 && ticket.start > line.virtual) serveAhead(line, ask.request.team, ticket, work);
  else serveWork(line, work, decision.weightOf);
}

/** The line of a team with a limit of its own moves on, and its pace. */
function serveTeam(decision: Decision, lane: Lane, { request, own }: Ask): void {
  const { team, estimate } = request;
  const line = decision.state.line.teams[team];
  if (own === null || line === undefined) return;
  serveOwn(line, lane, own);
  const limits = limitsOfTeam(decision.limits, team);
  const cost = ownCost(limits, estimateAdmission(estimate));
  line.pacedUntilMs = Math.ceil(payOwnPace(limits, line.pacedUntilMs, cost, decision.nowMs));
  line.claimedUntilMs = Math.ceil(claimTime(limits, line.claimedUntilMs, cost, decision.nowMs));
}

/** A turn has come when what is ahead is served within the horizon; a big job's comes as much earlier as it takes to make room. */
function isDue(decision: Decision, lane: Lane, { ask, ticket }: Place): boolean {
  const ahead = workAhead(decision.state.line.lanes[lane], ticket.start, decision.weightOf);
  if (ahead <= laneTokensPerMs(decision, lane) * (HORIZON_MS + leadOf(decision, ask))) return true;
  const sliceMs = sliceTurn(decision, lane, ahead);
  return sliceMs !== null && sliceMs <= decision.nowMs + HORIZON_MS;
}

/**
 * When a big job that finds no room within the farthest window asks again: a moment before the next held send time has gone, whose
 * room comes back a minute later. Who has been passed by most asks first; all of them would otherwise sleep while newcomers take it.
 */
function nextVacancy(decision: Decision, lane: Lane, { ticket, ask }: Place): number {
  const { line } = decision.state;
  const next = Math.min(decision.nowMs + FARTHEST_MS, ...line.reservations.map(({ sendAtMs }) => sendAtMs));
  const behind = (line.lanes[lane].virtual - ticket.start) * decision.weightOf(ask.request.team);
  const behindMs = Math.max(0, behind / laneTokensPerMs(decision, lane));
  const politeMs = VACANCY_MS / 2 / (1 + behindMs / 10_000);
  return Math.max(decision.nowMs + 1000, next - VACANCY_MS + politeMs);
}

/** Whether a due job should stop hoping for room near: it is big, or has been passed by for seconds. */
function isStuck(decision: Decision, lane: Lane, { ask, ticket }: Place): boolean {
  if (decision.open.length === 0) return false;
  if (leadOf(decision, ask) > 0) return true;
  // Whoever sleeps past his turn is passed: after a rush of wake-ups that is everyone, and their far bookings would be the line.
  const { reservations } = decision.state.line;
  const big = bigFrom(decision);
  const ordinary = reservations.filter((held) => held.lane === lane && held.tokens < big);
  const most = reservations.some(({ tokens }) => tokens >= blockingFrom(decision)) ? MOST_FAR_AROUND_BIG : MOST_FAR;
  if (ordinary.length >= most) return false;
  const line = decision.state.line.lanes[lane];
  return (
    (line.virtual - ticket.start) * decision.weightOf(ask.request.team) > PASSED_MS * laneTokensPerMs(decision, lane)
  );
}

/** A more urgent lane has work waiting: this one goes only for its least share, or when capacity would pass unused. */
function isHeldBack(decision: Decision, lane: Lane): boolean {
  const order = laneOrder(isInteractiveDemoted(decision));
  const ahead = order
    .slice(0, order.indexOf(lane))
    .map((other) => workAhead(decision.state.line.lanes[other], Number.POSITIVE_INFINITY, decision.weightOf))
    .reduce((sum, work) => sum + work, 0);
  // Less than a token is what rounding leaves.
  if (ahead <= 1) return false;
  return (
    shareOfMinute(decision, lane) >= LEAST_SHARE &&
    !isPassingUnused(decision, meanCost(decision, lane), areSlicesShared(decision, lane) ? lane : null)
  );
}

/**
 * Whether somebody more urgent may want a request of every slice: whoever came within the last ten minutes may come again. A slice
 * that is used up at once lets nobody through until the next. Interactive work that is paced shares them with its own.
 */
function areSlicesShared(decision: Decision, lane: Lane): boolean {
  if (lane === 'interactive') return true;
  const order = laneOrder(isInteractiveDemoted(decision));
  return order.slice(0, order.indexOf(lane)).some((other) => isInUse(decision.state.line.lanes[other]));
}

function meanCost(decision: Decision, lane: Lane): number {
  return Math.max(1, Math.round(decision.state.line.lanes[lane].meanCost));
}
