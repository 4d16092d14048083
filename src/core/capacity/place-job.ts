import { noLatency } from '../routing/latency.ts';
import { type DeploymentCandidate, rankDeployments } from '../routing/rank-deployments.ts';
import { estimateAdmission } from './admission-estimate.ts';
import { paceBoundsOf } from './big-job.ts';
import { type Booking, mostSendDelayMs, type WaitReason } from './capacity.ts';
import { type Ask, type Decision, HORIZON_MS, limitsOfTeam, mayTouchTeam, type OpenDeployment } from './decision.ts';
import { enterBooking, findFit, payPace, tokenLimit } from './deployment-ledger.ts';
import { type DeploymentLimits, holdersOf } from './pool-limits.ts';
import { latenessWithin, sliceOf } from './request-log.ts';
import { workBefore } from './team-line.ts';
import { findOwnTurn, ownWindowMs } from './team-turn.ts';
import { chargeRing, createRing, deploymentRing, sumRing, teamRing } from './token-ring.ts';

/** Where and when a job would go, or what it waits for. */
export type Place =
  | {
      readonly isFound: true;
      readonly on: OpenDeployment;
      readonly tokens: number;
      readonly sendAtMs: number;
      readonly why: string;
    }
  | { readonly isFound: false; readonly reason: WaitReason; readonly untilMs: number };

export type FoundPlace = Place & { readonly isFound: true };

export interface PlaceWanted {
  readonly isPaced: boolean;
  /** Paced work goes evenly within the slices of requests too: somebody more urgent needs them. */
  readonly isEven?: boolean;
  readonly reserve: number;
  /** Paced work may go this much before its pace is paid for. */
  readonly overdrawMs: number;
  /** No send time after this. */
  readonly untilMs: number;
  /** On this deployment alone, and not before a moment. */
  readonly at?: { readonly deployment: string; readonly fromMs: number };
}

/** Finds the best deployment and the earliest send time on it, under the team's own limit. Changes nothing. */
export function findPlace(decision: Decision, ask: Ask, want: PlaceWanted): Place {
  const { request } = ask;
  const teamFromMs = teamFreeAt(decision, ask);
  if (typeof teamFromMs !== 'number') return { isFound: false, ...teamFromMs };
  // A test of a deployment is written at more length than a claim.
  const ownClaimMs = Math.max(decision.claimMs, request.claimMs ?? 0);
  const fromMs = Math.max(teamFromMs, decision.earliestMs + ownClaimMs - decision.claimMs);
  if (fromMs > want.untilMs) return { isFound: false, reason: teamReason(decision, ask), untilMs: fromMs };
  const needed = estimateAdmission(request.estimate);
  const fits = new Map<string, FoundFit>();
  let waitsFor: 'tpm' | 'rpm' = 'tpm';
  for (const on of preferred(decision, request)) {
    if (want.at !== undefined && want.at.deployment !== on.limits.name) continue;
    // A job of nearly the whole limit goes although the calibrated limit is a little smaller.
    const tokens = Math.min(needed, tokenLimit(on.ledger, on.limits));
    const fit = findFit(on.ledger, on.limits, {
      tokens,
      fromMs: Math.max(fromMs, on.fromMs, want.at?.fromMs ?? 0),
      toMs: want.untilMs,
      isPaced: want.isPaced,
      isEven: want.isEven === true,
      reserve: want.reserve,
      overdrawMs: want.overdrawMs,
      share: on.verdict.share,
    });
    if (fit.isFound) fits.set(on.limits.name, { on, tokens, sendAtMs: fit.sendAtMs });
    else waitsFor = fit.waitsFor;
  }
  const { name, why } = chooseFit(decision, request, fits);
  const chosen = fits.get(name);
  if (chosen === undefined) return { isFound: false, reason: waitsFor, untilMs: want.untilMs };
  return { isFound: true, ...chosen, why };
}

/** A deployment on which a job fits, and when. */
interface FoundFit {
  readonly on: OpenDeployment;
  readonly tokens: number;
  readonly sendAtMs: number;
}

/** The best of the deployments that have room (design §8); an empty name when none may be used. */
function chooseFit(
  decision: Decision,
  request: Ask['request'],
  fits: ReadonlyMap<string, FoundFit>,
): { name: string; why: string } {
  if (fits.size === 0) return { name: '', why: '' };
  const { lane, exclude, estimate, only } = request;
  const candidates = decision.limits.deployments
    .filter(({ name }) => only === undefined || name === only)
    .map((limits) => toCandidate(decision, limits, fits.get(limits.name)));
  const { loadThreshold } = decision.limits;
  const { ranked } = rankDeployments(candidates, { lane, exclude, loadThreshold, outputTokens: estimate.outputTokens });
  return ranked[0] ?? { name: '', why: '' };
}

/** A deployment without room takes part as one that admits nothing: that it is provisioned still decides who may spill. */
function toCandidate(decision: Decision, limits: DeploymentLimits, fit: FoundFit | undefined): DeploymentCandidate {
  const { name, priority, isProvisioned, spill } = limits;
  if (fit === undefined) {
    const closed = {
      admits: 'none',
      reason: null,
      untilMs: 0,
      load: 1,
      share: 1,
      startAtMs: 0,
      latency: noLatency,
    } as const;
    return { name, priority, isProvisioned, spill, ...closed };
  }
  const { admits, reason, untilMs, share, latency } = fit.on.verdict;
  const load = loadOf(decision, fit);
  return {
    name,
    priority,
    isProvisioned,
    spill,
    admits,
    reason,
    untilMs,
    share,
    latency,
    load,
    startAtMs: fit.sendAtMs,
  };
}

/** Enters a place into the ledger and the team's ring, pays its pace and makes the booking of it. */
export function takePlace(decision: Decision, ask: Ask, place: FoundPlace): Booking {
  const { ledger, limits } = place.on;
  const to = { deployment: limits.name, tokens: place.tokens };
  payPace(ledger, limits, place, paceBoundsOf(decision, ask.request.lane, to));
  return holdPlace(decision, ask, place);
}

/** The same without its pace: the place is held and not given out yet. */
export function holdPlace(decision: Decision, ask: Ask, place: FoundPlace): Booking {
  const { request } = ask;
  const { on, tokens, sendAtMs } = place;
  enterBooking(on.ledger, { tokens, sendAtMs });
  const limits = limitsOfTeam(decision.limits, request.team);
  if (limits.tokensPerMinute !== null || limits.requestsPerMinute !== null) {
    const ring = decision.state.teams.get(request.team) ?? createRing();
    chargeRing(teamRing, ring, { tokens, requests: 1 }, sendAtMs);
    decision.state.teams.set(request.team, ring);
    decision.touchedTeams.add(request.team);
  }
  if (on.verdict.admits === 'probe') {
    on.ledger.health = decision.health.takeProbe(on.ledger.health, decision.nowMs);
    on.isFree = false;
  }
  countFailover(decision, request, on);
  decision.hasNews = true;
  decision.roomAhead = null;
  return bookingOf(decision, request, { deployment: on.limits.name, tokens, sendAtMs, why: place.why });
}

/** A job that failed somewhere else goes on here: it came from the one it was on last. */
function countFailover(decision: Decision, { exclude }: Ask['request'], to: OpenDeployment): void {
  const left = exclude.at(-1);
  const from = left === undefined ? undefined : decision.state.deployments.get(left);
  if (from === undefined || from === to.ledger) return;
  from.failoversFrom += 1;
  to.ledger.failoversTo += 1;
}

/** A booking's identity is its job, place and time: the same place is never given out twice. */
export function bookingOf(
  decision: Decision,
  request: Ask['request'],
  at: { deployment: string; tokens: number; sendAtMs: number; why: string },
): Booking {
  const { jobId, model, team, lane } = request;
  const { deployment, tokens, sendAtMs, why } = at;
  const limits = decision.limits.deployments.find(({ name }) => name === deployment);
  return {
    id: `${jobId}@${deployment}@${sendAtMs}`,
    model,
    team,
    lane,
    enteredAtMs: at.sendAtMs,
    deployment,
    tokens,
    sendAtMs,
    mostDelayMs: limits === undefined ? 0 : mostDelayOn(limits),
    why,
  };
}

/** How late a send on a deployment may be, in milliseconds, before it is to be booked anew. */
export function mostDelayOn({ requestsPerMinute, requestWindowSeconds }: DeploymentLimits): number {
  const slice = sliceOf(requestsPerMinute, requestWindowSeconds);
  return Math.min(mostSendDelayMs, latenessWithin(slice, requestWindowSeconds));
}

/** Whether a deployment is there for this request: free, the one asked for, and no test that the job is spared. */
function isThereFor({ isFree, limits, verdict }: OpenDeployment, request: Ask['request']): boolean {
  if (!isFree || (request.only !== undefined && limits.name !== request.only)) return false;
  if (verdict.admits !== 'probe' || request.only !== undefined) return true;
  return request.mayProbe !== false && verdict.isTimersToTest !== true;
}

/** Deployments that can hold the job, whatever their state. */
export function ableFor({ limits }: Decision, request: Ask['request']): readonly DeploymentLimits[] {
  const { lane, only, estimate } = request;
  const needed = estimateAdmission(estimate);
  if (only === undefined) return holdersOf(limits.deployments, lane, needed);
  // A deployment that is to be tried is tried by any lane.
  return limits.deployments.filter(({ name, tokensPerMinute }) => name === only && needed <= tokensPerMinute);
}

/** Of these the open ones that take this very job now. */
export function thereFor(decision: Decision, request: Ask['request']): readonly OpenDeployment[] {
  const able = ableFor(decision, request);
  return decision.open.filter((on) => isThereFor(on, request) && able.includes(on.limits));
}

/**
 * Deployments that can hold the job and did not fail in this round; when every one did, those. One that is too small, or that the
 * lane may not spill to, is no alternative to one that failed once.
 */
export function preferred(decision: Decision, request: Ask['request']): readonly OpenDeployment[] {
  const free = thereFor(decision, request);
  const others = free.filter(({ limits }) => !request.exclude.includes(limits.name));
  return others.length > 0 ? others : free;
}

/** One that has no room within the horizon is full: by then its window may hold little, for want of bookings that far ahead. */
function loadOf({ nowMs }: Decision, { on, sendAtMs }: FoundFit): number {
  if (sendAtMs > nowMs + HORIZON_MS) return 1;
  const used = sumRing(deploymentRing, on.ledger.ring, sendAtMs);
  return Math.max(used.tokens / on.limits.tokensPerMinute, used.requests / on.limits.requestsPerMinute);
}

/** When the team's own limit lets the job and all that is before it in its team's line go; a wait when it is paused. */
export function teamFreeAt(decision: Decision, ask: Ask): number | { reason: WaitReason; untilMs: number } {
  const limits = limitsOfTeam(decision.limits, ask.request.team);
  if (limits.isPaused) return { reason: 'paused', untilMs: decision.nowMs + 60_000 };
  if (limits.tokensPerMinute === null && limits.requestsPerMinute === null) return decision.earliestMs;
  if (!mayTouchTeam(decision, ask.request.team)) return { reason: 'contention', untilMs: decision.nowMs };
  const { team, lane, estimate } = ask.request;
  const ring = decision.state.teams.get(team) ?? createRing();
  const line = decision.state.line.teams[team];
  const before = ask.own === null || line === undefined ? 0 : workBefore(line, lane, ask.own.start);
  const tokens = estimateAdmission(estimate);
  const meanTokens = decision.state.line.lanes[lane].meanCost;
  // Who was passed because he came a moment late has had his turn: the pace is for those who have it before them.
  const isPassed = ask.own !== null && line !== undefined && ask.own.finish <= line.lanes[lane].served;
  const pacedUntilMs = lane === 'interactive' || isPassed ? null : (line?.pacedUntilMs ?? 0);
  // A limit of 0 is a switch: nobody knows when it is turned on.
  const turnMs = findOwnTurn({ limits, ring, before, tokens, meanTokens, pacedUntilMs, fromMs: decision.earliestMs });
  return turnMs ?? decision.nowMs + 2 * ownWindowMs;
}

export function teamReason(decision: Decision, ask: Ask): WaitReason {
  const limits = limitsOfTeam(decision.limits, ask.request.team);
  const ring = decision.state.teams.get(ask.request.team) ?? createRing();
  if (limits.tokensPerMinute === null) return 'team_rpm';
  if (limits.requestsPerMinute === null) return 'team_tpm';
  const used = sumRing(teamRing, ring, decision.nowMs + teamRing.bucketMs);
  return used.requests >= limits.requestsPerMinute ? 'team_rpm' : 'team_tpm';
}
