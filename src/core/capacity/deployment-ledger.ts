import type { HealthState } from './deployment-health.ts';
import type { DeploymentLimits } from './pool-limits.ts';
import {
  findRequestRoom,
  forgetRequestsBefore,
  logRequest,
  type RequestLog,
  sliceOf,
  unlogRequest,
} from './request-log.ts';
import {
  chargeRing,
  cloneRing,
  createRing,
  deploymentRing,
  findRoom,
  forgetBefore,
  type TokenRing,
} from './token-ring.ts';

/** Everything the processes share about one deployment: the content of its row. Changed in place. */
export interface DeploymentLedger {
  ring: TokenRing;
  requests: RequestLog;
  /** Until when the pace in tokens is paid for: each booking moves it by tokens ÷ (TPM / 60,000). */
  pacedUntilMs: number;
  /** The same in requests: small jobs use up RPM, not TPM. */
  requestsPacedUntilMs: number;
  /** Until when requests are paid for at the pace that leaves something of every slice to who is more urgent. */
  evenUntilMs: number;
  /** The pace at which paced work may catch up: what was not taken in time comes back as a slope, not as a step. */
  catchUpUntilMs: number;
  /** A 429 asked to stay away until then. */
  cooledUntilMs: number;
  /** The service's charge ÷ Weir's estimate, learnt from its `remaining`. */
  calibration: number;
  /** When `remaining` was last seen to jump back as a fixed minute's does; 0 never. */
  resetSeenAtMs: number;
  /** 429s that the ledger did not foresee. */
  driftCount: number;
  failoversFrom: number;
  failoversTo: number;
  health: HealthState;
}

/**
 * Paced work may fall this far behind its pace and catch up; what lies further back has passed unused. A big job empties a deployment
 * for as long before it goes, and comes back as one step a minute later: with less to catch up the step's room stays empty.
 */
export const PACE_WINDOW_MS = 30_000;
/**
 * The pace lies this much under what the ring lets through. At the same rate or above it the window fills up, stops everyone until
 * its oldest second comes free, and that gap returns every minute.
 */
const PACE = 0.99;
/**
 * Catching up goes this much faster than the pace. A step in the bookings would come back every minute, when its tokens do, and
 * everyone would wait for it; a slope wears off. Steeper than this it is a step, flatter it leaves the room after a big job empty.
 */
const CATCH_UP = 4;
/** Work of this long may go at once while catching up. */
const CATCH_UP_WINDOW_MS = 1000;
/** Even requests may fall this far behind and catch up at once: more would be the burst that their pace is there against. */
const EVEN_WINDOW_MS = 1000;

/**
 * The same of what had room and was not asked for: a backlog that comes after quiet minutes would otherwise use up the window in its
 * first seconds, stop everyone until it comes back, and again every minute. Longer than what counts as passing unused (2.5 s).
 */
const IDLE_PACE_MS = 4000;
/** A window with less of its limit free is full: single jobs' tokens come back and are taken all the time. */
const SOME_ROOM = 0.02;

/** What may go at once on a deployment that was never used: a slice of small jobs does not wait for the pace of their tokens. */
const FIRST_PACE_MS = 2000;

/** From here to 1 the two agree: a little less is rounding, and calls on their way. Believing it would cost 429s. */
const AGREES_FROM = 0.95;

export function createLedger(): DeploymentLedger {
  return {
    ring: createRing(),
    requests: [],
    pacedUntilMs: 0,
    requestsPacedUntilMs: 0,
    evenUntilMs: 0,
    catchUpUntilMs: 0,
    cooledUntilMs: 0,
    calibration: 1,
    resetSeenAtMs: 0,
    driftCount: 0,
    failoversFrom: 0,
    failoversTo: 0,
    health: null,
  };
}

/** A copy that shares nothing with the original but the health state, which is never changed in place. */
export function cloneLedger(ledger: DeploymentLedger): DeploymentLedger {
  return { ...ledger, ring: cloneRing(ledger.ring), requests: ledger.requests.slice() };
}

/** Where a job would go on one deployment; `waitsFor` names the limit that decided when it is not at once. */
export type Fit =
  | { readonly isFound: true; readonly sendAtMs: number }
  | { readonly isFound: false; readonly waitsFor: 'tpm' | 'rpm' };

export interface FitWanted {
  readonly tokens: number;
  readonly fromMs: number;
  readonly toMs: number;
  readonly isPaced: boolean;
  /** Paced work goes evenly within the slices too; else whatever a slice still lets through may go at once. */
  readonly isEven?: boolean;
  /** Paced work may go this much before its pace is paid for. */
  readonly overdrawMs: number;
  /** Part of the limit that paced lanes leave free. */
  readonly reserve: number;
  /** Part of the limit that is in force: less than 1 while the deployment recovers. */
  readonly share: number;
}

/** The earliest send time in [fromMs, toMs] that keeps every token window, every request slice and, for paced work, the pace. */
export function findFit(ledger: DeploymentLedger, limits: DeploymentLimits, want: FitWanted): Fit {
  const whole = Math.floor(tokenLimit(ledger, limits) * want.share);
  const kept = Math.floor(whole * (1 - want.reserve));
  // A job that needs the reserve itself could otherwise never go.
  const limit = { tokens: want.isPaced && want.tokens <= kept ? kept : whole, requests: Number.POSITIVE_INFINITY };
  const fullSlice = sliceOf(limits.requestsPerMinute, limits.requestWindowSeconds);
  const slice = {
    ...fullSlice,
    limit: Math.min(fullSlice.limit, Math.max(1, Math.floor(fullSlice.limit * want.share))),
  };
  const evenFromMs = want.isEven === true ? ledger.evenUntilMs : 0;
  const pacedFromMs = Math.max(ledger.pacedUntilMs, ledger.catchUpUntilMs, evenFromMs) - want.overdrawMs;
  let candidate = Math.ceil(Math.max(want.fromMs, want.isPaced ? pacedFromMs : 0));
  for (;;) {
    if (candidate > want.toMs) return { isFound: false, waitsFor: 'tpm' };
    const charge = { tokens: want.tokens, requests: 1 };
    const room = findRoom(deploymentRing, ledger.ring, { charge, limit, fromMs: candidate, toMs: want.toMs });
    if (room === null) return { isFound: false, waitsFor: 'tpm' };
    const sendAtMs = findRequestRoom(ledger.requests, slice, room);
    if (sendAtMs === null || sendAtMs > want.toMs) return { isFound: false, waitsFor: 'rpm' };
    if (sendAtMs === room) return { isFound: true, sendAtMs };
    candidate = sendAtMs;
  }
}

/** Takes a send time out of the window and the slice. */
export function enterBooking(ledger: DeploymentLedger, entry: BookingEntry): void {
  chargeRing(deploymentRing, ledger.ring, { tokens: entry.tokens, requests: 1 }, entry.sendAtMs);
  logRequest(ledger.requests, entry.sendAtMs);
}

/**
 * Pays a booking's pace when it is given out. `nowMs` bounds how much unused pace it may still draw on, `heldTokens` (send times held
 * on this deployment and not given out, itself included) saves as much more: nobody could use it while they grew.
 */
export function payPace(
  ledger: DeploymentLedger,
  limits: DeploymentLimits,
  entry: BookingEntry,
  bounds: PaceBounds,
): void {
  const { nowMs, heldTokens } = bounds;
  const cost = paceOf(ledger, limits, entry.tokens);
  const saved = paceOf(ledger, limits, heldTokens);
  const paidMs = Math.max(ledger.pacedUntilMs, nowMs - PACE_WINDOW_MS - saved) + cost;
  ledger.pacedUntilMs = bounds.paysSavedOnly === true ? Math.min(paidMs, Math.max(ledger.pacedUntilMs, nowMs)) : paidMs;
  ledger.requestsPacedUntilMs =
    Math.max(ledger.requestsPacedUntilMs, nowMs - requestPaceWindowOf(limits)) + requestPaceOf(limits);
  ledger.evenUntilMs = Math.max(ledger.evenUntilMs, nowMs - EVEN_WINDOW_MS) + requestPaceOf(limits);
  const soonest = nowMs - CATCH_UP_WINDOW_MS - saved / CATCH_UP;
  ledger.catchUpUntilMs = Math.max(ledger.catchUpUntilMs, soonest) + cost / CATCH_UP;
}

export interface PaceBounds {
  readonly nowMs: number;
  readonly heldTokens: number;
  /** It pays what pace has been saved and owes nothing beyond: who comes after it goes on at the pace while there is room. */
  readonly paysSavedOnly?: boolean;
}

/** Takes a send time that was not used out again. */
export function withdrawBooking(ledger: DeploymentLedger, entry: BookingEntry): void {
  chargeRing(deploymentRing, ledger.ring, { tokens: -entry.tokens, requests: -1 }, entry.sendAtMs);
  unlogRequest(ledger.requests, entry.sendAtMs);
}

/** Gives the pace of a booking that was not sent back. */
export function returnPace(ledger: DeploymentLedger, limits: DeploymentLimits, entry: BookingEntry): void {
  ledger.pacedUntilMs -= paceOf(ledger, limits, entry.tokens);
  ledger.requestsPacedUntilMs -= requestPaceOf(limits);
  ledger.evenUntilMs -= requestPaceOf(limits);
  ledger.catchUpUntilMs -= paceOf(ledger, limits, entry.tokens) / CATCH_UP;
}

export interface BookingEntry {
  readonly tokens: number;
  readonly sendAtMs: number;
}

/**
 * Replaces the tokens of a booking by others, in the window and in the pace; the request stays. A refused call (0) keeps its pace:
 * somebody else has used what was there, and whoever came at once in its place would be refused too.
 */
export function recharge(
  ledger: DeploymentLedger,
  limits: DeploymentLimits,
  entry: BookingEntry,
  tokens: number,
): void {
  const more = tokens - entry.tokens;
  chargeRing(deploymentRing, ledger.ring, { tokens: more, requests: 0 }, entry.sendAtMs);
  if (tokens <= 0) return;
  ledger.pacedUntilMs += paceOf(ledger, limits, more);
  ledger.catchUpUntilMs += paceOf(ledger, limits, more) / CATCH_UP;
}

/** Forgets what no longer counts; returns for how many milliseconds more the pace has now passed unused. */
export function advanceLedger(ledger: DeploymentLedger, limits: DeploymentLimits, bounds: PaceBounds): number {
  const { nowMs } = bounds;
  forgetBefore(deploymentRing, ledger.ring, nowMs);
  forgetRequestsBefore(ledger.requests, sliceOf(limits.requestsPerMinute, limits.requestWindowSeconds), nowMs);
  const isNew = pacedUntil(ledger) === 0;
  const [tokensBeforeMs, requestsBeforeMs] = [ledger.pacedUntilMs, ledger.requestsPacedUntilMs];
  ledger.requestsPacedUntilMs = Math.max(ledger.requestsPacedUntilMs, nowMs - requestPaceWindowOf(limits));
  if (isNew) {
    // A deployment that was never used has hardly any pace to catch up with.
    ledger.pacedUntilMs = nowMs - FIRST_PACE_MS;
    return 0;
  }
  passPace(ledger, limits, bounds);
  // Tokens for which no request was left were on offer to nobody, and requests without tokens were not either.
  return Math.min(ledger.pacedUntilMs - tokensBeforeMs, ledger.requestsPacedUntilMs - requestsBeforeMs);
}

/** Pace that lies too far back to be made up for passes; of what could have been made up for and was not, nearly all. */
function passPace(ledger: DeploymentLedger, limits: DeploymentLimits, { nowMs, heldTokens }: PaceBounds): void {
  const savedMs = paceOf(ledger, limits, heldTokens);
  const soonestMs = nowMs - CATCH_UP_WINDOW_MS - savedMs / CATCH_UP;
  const offeredMs = Math.max(0, soonestMs - Math.max(ledger.catchUpUntilMs, roomSince(ledger, limits, nowMs)));
  const behindMs = Math.max(ledger.pacedUntilMs, nowMs - PACE_WINDOW_MS - savedMs);
  ledger.pacedUntilMs = Math.max(behindMs, Math.min(behindMs + offeredMs, nowMs - IDLE_PACE_MS - savedMs));
  ledger.catchUpUntilMs = Math.max(ledger.catchUpUntilMs, soonestMs);
}

/** Since when, at most for as long as pace is made up for, the window has had room for some jobs; now where it has none. */
function roomSince(ledger: DeploymentLedger, limits: DeploymentLimits, nowMs: number): number {
  const fromMs = Math.max(ledger.catchUpUntilMs, nowMs - PACE_WINDOW_MS);
  if (fromMs >= nowMs) return nowMs;
  const charge = { tokens: 1 + Math.ceil(limits.tokensPerMinute * SOME_ROOM), requests: 1 };
  const limit = { tokens: tokenLimit(ledger, limits), requests: Number.POSITIVE_INFINITY };
  return findRoom(deploymentRing, ledger.ring, { charge, limit, fromMs, toMs: nowMs }) ?? nowMs;
}

/** TPM in Weir's own estimates: smaller where the service charges more than they say. */
export function tokenLimit(ledger: DeploymentLedger, limits: DeploymentLimits): number {
  const { calibration } = ledger;
  const isExact = calibration >= AGREES_FROM && calibration <= 1;
  return Math.floor(limits.tokensPerMinute / (isExact ? 1 : calibration));
}

/** Until when both paces are paid for. */
export function pacedUntil(ledger: DeploymentLedger): number {
  return Math.max(ledger.pacedUntilMs, ledger.requestsPacedUntilMs);
}

/** What a deployment serves per millisecond, in tokens, when its jobs take `meanTokens` each (0: unknown). */
export function tokensPerMs(limits: DeploymentLimits, meanTokens: number): number {
  const byTokens = limits.tokensPerMinute / (deploymentRing.bucketMs * deploymentRing.windowBuckets);
  return meanTokens > 0 ? Math.min(byTokens, requestsPerMs(limits) * meanTokens) : byTokens;
}

/** Requests that a deployment's slices let through per millisecond. */
export function requestsPerMs(limits: DeploymentLimits): number {
  const slice = sliceOf(limits.requestsPerMinute, limits.requestWindowSeconds);
  return slice.limit / slice.windowMs;
}

/** For how long tokens pay the pace, in milliseconds. */
export function paceOf(ledger: DeploymentLedger, limits: DeploymentLimits, tokens: number): number {
  const windowMs = deploymentRing.bucketMs * deploymentRing.windowBuckets;
  return (tokens * windowMs) / (PACE * Math.max(1, tokenLimit(ledger, limits)));
}

/** Tokens that the pace lets go until a moment, from what is paid for now on; less than 0 when it is paid for beyond that. */
export function paceAllows(ledger: DeploymentLedger, limits: DeploymentLimits, untilMs: number): number {
  const perMs = 1 / paceOf(ledger, limits, 1);
  return perMs * Math.min(untilMs - ledger.pacedUntilMs, CATCH_UP * (untilMs - ledger.catchUpUntilMs));
}

/** A whole slice may go at once after idle time: its limit is what paces requests. */
function requestPaceWindowOf(limits: DeploymentLimits): number {
  return Math.max(PACE_WINDOW_MS, limits.requestWindowSeconds * 1000);
}

/** A little under what the slices let through, as for tokens: at their rate a burst would come back with every slice. */
function requestPaceOf(limits: DeploymentLimits): number {
  return 1 / (PACE * Math.max(1e-6, requestsPerMs(limits)));
}
