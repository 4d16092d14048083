import { type Lane, lanes } from '../jobs/job.ts';
import { estimateAdmission } from './admission-estimate.ts';
import { applyNews, type News } from './apply-news.ts';
import type { BookingRequest, BookingResult } from './capacity.ts';
import {
  type Ask,
  type Decision,
  type DecisionInput,
  hasRoomNow,
  heldTokens,
  limitsOfTeam,
  openDecision,
  poolTokensPerMs,
} from './decision.ts';
import { advanceLedger } from './deployment-ledger.ts';
import { forgetUnused } from './forget-unused.ts';
import { adoptTicket, foreseeTicket, forgetService, isOnlyOne, issueTicket, passWork, workAhead } from './lane-line.ts';
import { putOffNewcomer, shortenLine } from './line-bound.ts';
import { dropIdleLines, passOwnTime, placeInTeam } from './own-place.ts';
import { largestFor } from './pool-limits.ts';
import { clonePoolState, type PoolState } from './pool-state.ts';
import { dropStaleReservations } from './reserve-far.ts';
import { serveLane } from './serve-lane.ts';
import { isInteractiveDemoted, laneOrder } from './turn-estimate.ts';
import type { Place } from './wait-for-turn.ts';

/** What a batch asks for and brings. */
export interface BookingBatch extends DecisionInput {
  readonly requests: readonly BookingRequest[];
  /** Unsent bookings, outcomes of calls and given-up tickets since the last commit. */
  readonly news: readonly News[];
}

export interface BatchDecision {
  /** The pool as it shall be; the input is left as it was read. */
  readonly state: PoolState;
  /** In the order of the requests. */
  readonly results: readonly BookingResult[];
  /** Whether there is anything to commit; without it the results hold as they are. */
  readonly hasNews: boolean;
  /** How long the longest line is in time. */
  readonly backlogMs: number;
  /** Whether interactive work is paced and goes behind standard work. */
  readonly isInteractiveDemoted: boolean;
  /** Teams whose own ring changed. */
  readonly touchedTeams: ReadonlySet<string>;
}

/** Decides a batch: news first, then the lanes by urgency, each in the order of its tickets. Pure. */
export function decideBookings(batch: BookingBatch): BatchDecision {
  const state = clonePoolState(batch.state);
  const touched = applyNews({ ...batch, state }, batch.news);
  const decision = openDecision({ ...batch, state });
  for (const team of touched) decision.touchedTeams.add(team);
  decision.hasNews = batch.news.length > 0;
  advanceTime(decision);
  shortenLine(decision);
  const asks: Ask[] = batch.requests.map((request) => ({
    request,
    own: null,
    result: refuse(decision, request) ?? putOffNewcomer(decision, request),
  }));
  const places = asks.filter(({ result }) => result === null).map((ask) => placeInLine(decision, ask));
  for (const lane of laneOrder(isInteractiveDemoted(decision))) {
    const own = places.filter(({ ask }) => ask.request.lane === lane);
    serveLane(decision, lane, own);
  }
  const results = asks.map(({ request, result }) => result ?? unanswered(decision, request));
  const { hasNews, touchedTeams } = decision;
  const isDemoted = isInteractiveDemoted(decision);
  return { state, results, hasNews, touchedTeams, backlogMs: backlogOf(decision), isInteractiveDemoted: isDemoted };
}

/** Moves the pool to now: what is out of every window is forgotten, and virtual time passes what nobody took. */
export function advanceTime(decision: Decision): void {
  const { state, nowMs } = decision;
  for (const lane of Object.values(state.line.lanes)) forgetService(lane, nowMs);
  forgetUnused(decision);
  passOwnTime(decision);
  dropIdleLines(decision);
  dropStaleReservations(decision);
  let passedMs = 0;
  for (const limits of decision.limits.deployments) {
    const ledger = state.deployments.get(limits.name);
    if (ledger === undefined) continue;
    const unused = advanceLedger(ledger, limits, { nowMs, heldTokens: heldTokens(decision, limits.name) });
    const on = decision.open.find((open) => open.ledger === ledger);
    // A full window is no unused capacity.
    if (on !== undefined && unused > 0 && hasRoomNow(decision, on, 1 + limits.tokensPerMinute / 50)) {
      passedMs += unused / decision.open.length;
    }
  }
  for (const lane of laneOrder(isInteractiveDemoted(decision))) passLane(decision, lane, passedMs);
}

/** Every lane's line moves by what passed unused: whoever it was meant for did not come. */
function passLane(decision: Decision, lane: Lane, passedMs: number): void {
  if (passedMs > 0)
    passWork(decision.state.line.lanes[lane], passedMs * poolTokensPerMs(decision, lane), decision.weightOf);
}

/** Larger than the whole limit of every deployment that its lane may use, or of its team: it can never be sent. */
function refuse(decision: Decision, request: BookingRequest): BookingResult | null {
  const neededTokens = estimateAdmission(request.estimate);
  const largest = largestFor(decision.limits.deployments, request.lane);
  const own = limitsOfTeam(decision.limits, request.team).tokensPerMinute || largest;
  const limitTokens = Math.min(largest, own);
  // A limit of 0 is a switch, not a size: the job waits until it is turned on.
  if (largest === 0 || neededTokens <= limitTokens) return null;
  return { outcome: 'never', limitTokens, limitOf: own < largest ? 'team' : 'deployment', neededTokens };
}

/** A job of a team with a limit of its own stands in that team's line first, and joins its lane's when the limit lets it. */
function placeInLine(decision: Decision, ask: Ask): Place {
  const { team, lane, ticket: known, estimate } = ask.request;
  const line = decision.state.line.lanes[lane];
  const { share } = limitsOfTeam(decision.limits, team);
  const cost = estimateAdmission(estimate);
  ask.own = placeInTeam(decision, ask.request);
  const own = ask.own === null ? {} : { own: ask.own };
  if (ask.own?.isWaiting === true) {
    const ticket = { ...foreseeTicket(line, team, cost, share), ...own };
    return { ask, ticket, isNew: true, isSparse: isOnlyOne(line, team, null) };
  }
  // Its team has lost the limit that kept it out of the lane's line.
  const ticket = known?.own?.isWaiting === true ? null : known;
  const isUnknown = ticket !== null && adoptTicket(line, team, ticket, decision.weightOf);
  if (isUnknown) decision.hasNews = true;
  const isSparse = !isUnknown && isOnlyOne(line, team, ticket);
  if (ticket !== null) return { ask, ticket: { ...ticket, ...own }, isNew: false, isSparse };
  decision.hasNews = true;
  return { ask, ticket: { ...issueTicket(line, team, cost, share), ...own }, isNew: true, isSparse };
}

/** Milliseconds until the last job that is in line now has its turn. */
function backlogOf(decision: Decision): number {
  const work = lanes.map((lane) =>
    workAhead(decision.state.line.lanes[lane], Number.POSITIVE_INFINITY, decision.weightOf),
  );
  return work.reduce((sum, tokens) => sum + tokens, 0) / Math.max(1e-6, poolTokensPerMs(decision, 'bulk'));
}

function unanswered(decision: Decision, request: BookingRequest): BookingResult {
  return { outcome: 'wait', untilMs: decision.nowMs + 1000, ticket: request.ticket, reason: 'line' };
}
