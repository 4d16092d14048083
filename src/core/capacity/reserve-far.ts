import { estimateAdmission } from './admission-estimate.ts';
import { paceBoundsOf } from './big-job.ts';
import { farthestBookingMs } from './capacity.ts';
import { type Ask, type Decision, limitsOfTeam, mayTouchTeam, type OpenDeployment } from './decision.ts';
import { payPace, returnPace, tokenLimit, withdrawBooking } from './deployment-ledger.ts';
import { laneRing } from './lane-line.ts';
import { findLeastWaste } from './least-waste.ts';
import { bookingOf, findPlace, holdPlace, mostDelayOn, type Place, type PlaceWanted, preferred } from './place-job.ts';
import type { Reservation } from './pool-state.ts';
import { returnTime } from './team-time.ts';
import { ownCost, returnOwnPace } from './team-turn.ts';
import type { Ticket } from './ticket.ts';
import { chargeRing, teamRing } from './token-ring.ts';

/** No window reaches further than this. */
export const FARTHEST_MS = 65_000;

/** A job whose turn is yet to come waits for a better moment rather than keep its tokens' room empty for longer than this on average. */
const DEAR_MS = 5000;

/** How long a big job may wait for a far send time that costs others little. */
export interface Patience {
  /** Until its turn the moment is taken for which the least room is kept empty; after it the earliest. */
  readonly turnMs: number;
  /** Whether a better moment may come before its turn. */
  readonly mayWait: boolean;
}

const noPatience: Patience = { turnMs: 0, mayWait: false };

/** Holds a send time that has room for a job, however far, and tells it; null when there is none that it should take, or the line's row is full. */
export function reserveFar(decision: Decision, ask: Ask, want: PlaceWanted, patience = noPatience): number | null {
  if (decision.isLineFull) return null;
  const far = { ...want, untilMs: decision.nowMs + FARTHEST_MS };
  const sparing = findSparingly(decision, ask, { ...far, untilMs: Math.min(far.untilMs, patience.turnMs) });
  if (patience.mayWait && (sparing?.keptMs ?? Number.POSITIVE_INFINITY) > DEAR_MS) return null;
  const place = sparing?.place.isFound === true ? sparing.place : findPlace(decision, ask, far);
  if (!place.isFound) return null;
  const { jobId, team, lane, estimate } = ask.request;
  const { deployment, tokens, sendAtMs } = holdPlace(decision, ask, place);
  const neededTokens = estimateAdmission(estimate);
  decision.state.line.reservations.push({ jobId, team, lane, deployment, tokens, neededTokens, sendAtMs });
  return sendAtMs;
}

/** The place for which the least room is kept empty until then; null when there is none. */
function findSparingly(decision: Decision, ask: Ask, want: PlaceWanted): { place: Place; keptMs: number } | null {
  let keptMs = Number.POSITIVE_INFINITY;
  let at: PlaceWanted['at'];
  for (const { ledger, limits, verdict, fromMs } of preferred(decision, ask.request)) {
    const tokens = Math.min(estimateAdmission(ask.request.estimate), tokenLimit(ledger, limits));
    const fromNowMs = Math.max(decision.earliestMs, fromMs);
    const bounds = { nowMs: fromNowMs, toMs: want.untilMs, reserve: want.reserve, share: verdict.share };
    const found = findLeastWaste(ledger, limits, { ...bounds, tokens });
    if (found === null || found.tokenMs / tokens >= keptMs) continue;
    keptMs = found.tokenMs / tokens;
    at = { deployment: limits.name, fromMs: found.atMs };
  }
  return at === undefined ? null : { place: findPlace(decision, ask, { ...want, at }), keptMs };
}

/** A place that cannot be given back yet is asked for again after this. */
const RETRY_MS = 1000;

/** Answers a job that holds a reservation: books it when it is near, parks it until then; false when it holds none that is of use. */
export function findReservedTurn(decision: Decision, ask: Ask, ticket: Ticket): boolean {
  const { reservations } = decision.state.line;
  const index = reservations.findIndex(({ jobId }) => jobId === ask.request.jobId);
  const held = reservations[index];
  if (held === undefined) return false;
  if ((held.neededTokens ?? held.tokens) !== estimateAdmission(ask.request.estimate)) {
    // Held for another run of the job: a wake-up that came twice, before the answer was cut short and a larger cap was booked.
    dropReservationOf(decision, held.jobId);
    return false;
  }
  const on = takerOf(decision, held);
  if (on === undefined) {
    if (mayTouchTeam(decision, held.team)) {
      dropReservationOf(decision, held.jobId);
      return false;
    }
    ask.result = { outcome: 'wait', untilMs: decision.nowMs + RETRY_MS, ticket, reason: 'contention' };
    return true;
  }
  if (held.sendAtMs - decision.nowMs > farthestBookingMs) {
    ask.result = { outcome: 'wait', untilMs: held.sendAtMs - farthestBookingMs + 1000, ticket, reason: 'tpm' };
    return true;
  }
  payPace(on.ledger, on.limits, held, paceBoundsOf(decision, held.lane, held));
  reservations.splice(index, 1);
  decision.hasNews = true;
  decision.roomAhead = null;
  ask.result = { outcome: 'booked', booking: bookingOf(decision, ask.request, { ...held, why: 'reserved' }), ticket };
  return true;
}

/**
 * The deployment that takes a held place's call: it admits calls freely at that time, and who is handed the place now is not later than
 * it allows. Undefined when there is none.
 */
function takerOf({ open, earliestMs }: Decision, { deployment, sendAtMs }: Reservation): OpenDeployment | undefined {
  return open.find(
    ({ limits, verdict, fromMs }) =>
      limits.name === deployment &&
      verdict.admits === 'all' &&
      fromMs <= sendAtMs &&
      sendAtMs + mostDelayOn(limits) >= earliestMs,
  );
}

/** Gives back reservations that nobody came for, or whose deployment takes no calls any more. They were never handed out. */
export function dropStaleReservations(decision: Decision): void {
  const kept: Reservation[] = [];
  for (const held of decision.state.line.reservations) {
    // One whose team's row no longer fits the commit is given back with the next.
    if (takerOf(decision, held) !== undefined || !mayTouchTeam(decision, held.team)) kept.push(held);
    else withdrawPlace(decision, held);
  }
  decision.state.line.reservations = kept;
}

/** Gives back far send times that something more urgent needs; whoever held them is served anew when he comes for them. */
export function yieldFarPlaces(decision: Decision, mustYield: (held: Reservation) => boolean): void {
  const { line } = decision.state;
  line.reservations = line.reservations.filter((held) => {
    if (!mustYield(held) || !mayTouchTeam(decision, held.team)) return true;
    withdrawPlace(decision, held);
    return false;
  });
}

/** Gives back what a job that leaves the line holds. */
export function dropReservationOf(decision: Decision, job: string): void {
  const held = decision.state.line.reservations.find(({ jobId }) => jobId === job);
  if (held === undefined) return;
  withdrawPlace(decision, held);
  decision.state.line.reservations = decision.state.line.reservations.filter((other) => other !== held);
}

/** Takes what was booked and not sent out of the deployment's and the team's rings, and returns its pace. */
export function giveBack(decision: Decision, held: Omit<Reservation, 'jobId'>): void {
  const ledger = decision.state.deployments.get(held.deployment);
  const limits = decision.limits.deployments.find(({ name }) => name === held.deployment);
  if (ledger !== undefined && limits !== undefined) returnPace(ledger, limits, held);
  withdrawPlace(decision, held);
}

/** The same for what was held and never given out: it has paid no pace. */
function withdrawPlace(decision: Decision, held: Omit<Reservation, 'jobId'>): void {
  const ledger = decision.state.deployments.get(held.deployment);
  if (ledger !== undefined) withdrawBooking(ledger, held);
  const ring = decision.state.teams.get(held.team);
  const team = limitsOfTeam(decision.limits, held.team);
  if (ring !== undefined && (team.tokensPerMinute !== null || team.requestsPerMinute !== null)) {
    chargeRing(teamRing, ring, { tokens: -held.tokens, requests: -1 }, held.sendAtMs);
    decision.touchedTeams.add(held.team);
  }
  // It pays again when it is served again.
  const own = decision.state.line.teams[held.team];
  const cost = ownCost(team, held.neededTokens ?? held.tokens);
  if (own !== undefined) {
    own.pacedUntilMs = returnOwnPace(team, own.pacedUntilMs, cost, decision.nowMs);
    own.claimedUntilMs = returnTime(team, own.claimedUntilMs, cost, decision.nowMs);
  }
  const lane = decision.state.line.lanes[held.lane];
  lane.credit += held.tokens;
  chargeRing(laneRing, lane.used, { tokens: -held.tokens, requests: -1 }, held.sendAtMs);
  decision.hasNews = true;
  decision.roomAhead = null;
}
