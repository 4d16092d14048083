import type { Lane } from '../jobs/job.ts';
import type { BookingRequest, BookingResult } from './capacity.ts';
import { mostRowsPerCommit } from './capacity-store.ts';
import type { HealthPolicy, HealthVerdict } from './deployment-health.ts';
import {
  createLedger,
  type DeploymentLedger,
  findFit,
  pacedUntil,
  paceOf,
  requestsPerMs,
  tokensPerMs,
} from './deployment-ledger.ts';
import { usedInMinute, type WeightOf } from './lane-line.ts';
import type { DeploymentLimits, PoolLimits, TeamLimits } from './pool-limits.ts';
import { isSwitchedOff, unknownTeam } from './pool-limits.ts';
import type { PoolState } from './pool-state.ts';
import type { RoomAhead } from './room-ahead.ts';
import type { OwnPlace } from './ticket.ts';

/** Capacity is taken for this long ahead and no longer: what is taken cannot yield to what is more urgent. */
export const HORIZON_MS = 1800;

/** Paced lanes leave this part of TPM free: an interactive job, or the only one of a small team, goes at once. */
export const RESERVE = 0.01;

/** A lane that has let so much of its pace pass is not held back by tickets whose holders do not come. */
export const UNUSED_MS = 2500;

/** The line's row holds a checksum for every team's ring. When it is full, no more rings than this come into being. */
const MOST_RINGS_WHEN_FULL = 1000;

/** A claim is written between the booking and the call: who is booked earlier than that sends late, and a one-second slice forgives 80 ms. */
const CLAIM_MS = 25;

/** A deployment that takes calls now. */
export interface OpenDeployment {
  readonly limits: DeploymentLimits;
  readonly ledger: DeploymentLedger;
  readonly verdict: HealthVerdict;
  /** Not before this: a 429 cooled it. */
  readonly fromMs: number;
  /** False once its one probe is given out in this decision. */
  isFree: boolean;
}

/** A deployment that takes nothing before `fromMs`. */
export interface ClosedDeployment {
  readonly limits: DeploymentLimits;
  readonly fromMs: number;
  /** It only waits for its quota: it is not out of service. */
  readonly isQuotaWait: boolean;
}

/** What a decision about one batch works on: a copy of the pool's state that it changes, and everything it asks of it. */
export interface Decision {
  readonly state: PoolState;
  readonly limits: PoolLimits;
  readonly health: HealthPolicy;
  readonly nowMs: number;
  /** Earliest send time: a commit and a claim take this long. */
  readonly earliestMs: number;
  /** What a claim is given of it. */
  readonly claimMs: number;
  readonly open: readonly OpenDeployment[];
  /** Those that are turned on and closed now. */
  readonly closed: readonly ClosedDeployment[];
  /** When a deployment that is closed now may open again; `nowMs` when one is open. */
  readonly reopensAtMs: number;
  /** Whether every deployment that is closed only waits for its quota: none is out of service. */
  readonly isQuotaWait: boolean;
  readonly weightOf: WeightOf;
  /** Whether anything but time has changed: only then is there something to commit. */
  hasNews: boolean;
  /** Teams whose own ring changed: only their rows are written. */
  readonly touchedTeams: Set<string>;
  /** Teams whose own rings may change: with the line and the configured deployments their rows are one commit, and no commit holds more. */
  readonly mostTeams: number;
  /** Whether the line's row takes in no further teams. */
  readonly isLineFull: boolean;
  /** What can still be sent, as reckoned since the last booking; null when somebody has to reckon it anew. */
  roomAhead: RoomAhead | null;
}

export interface DecisionInput {
  readonly state: PoolState;
  readonly limits: PoolLimits;
  readonly health: HealthPolicy;
  readonly nowMs: number;
  readonly leadMs: number;
  /** What a claim takes in this process at present, where it is known. */
  readonly claimMs?: number;
  /** Whether the line's row, as it was read, takes in no further teams; absent: it does. */
  readonly isLineFull?: boolean;
}

/** One job that asks, with the answer to be. */
export interface Ask {
  readonly request: BookingRequest;
  /** Its place in its team's own line; null where the team has no limit of its own. */
  own: OwnPlace | null;
  result: BookingResult | null;
}

/** Prepares a decision on a state that it may change. */
export function openDecision(input: DecisionInput): Decision {
  const { state, limits, health, nowMs } = input;
  const open: OpenDeployment[] = [];
  const closed: ClosedDeployment[] = [];
  for (const deployment of limits.deployments) {
    if (limits.isPaused || isSwitchedOff(deployment)) continue;
    const ledger = ledgerOf(state, deployment.name);
    const verdict = health.judge(ledger.health, nowMs);
    const fromMs = Math.max(ledger.cooledUntilMs, verdict.admits === 'none' ? verdict.untilMs : 0);
    if (verdict.admits === 'none' || fromMs > nowMs + HORIZON_MS) {
      const isQuotaWait = verdict.breaker === 'closed' && verdict.reason !== 'throttled_capacity';
      closed.push({ limits: deployment, fromMs, isQuotaWait });
    } else open.push({ limits: deployment, ledger, verdict, fromMs, isFree: true });
  }
  const reopensAtMs = open.length > 0 ? nowMs : Math.min(...closed.map(({ fromMs }) => fromMs));
  const isQuotaWait = closed.every((each) => each.isQuotaWait);
  const weightOf = weigh(limits);
  const claimMs = input.leadMs === 0 ? 0 : Math.max(CLAIM_MS, input.claimMs ?? 0);
  const earliestMs = nowMs + input.leadMs + claimMs;
  const touchedTeams = new Set<string>();
  const mostTeams = mostRowsPerCommit - 1 - limits.deployments.length;
  const time = { nowMs, earliestMs, claimMs, reopensAtMs };
  const common = { state, limits, health, ...time, open, closed, isQuotaWait, weightOf };
  return { ...common, hasNews: false, touchedTeams, mostTeams, isLineFull: input.isLineFull === true, roomAhead: null };
}

/** Whether a team's own ring may change in this decision: its row still fits the commit, and its checksum the line's row. */
export function mayTouchTeam({ touchedTeams, mostTeams, state, isLineFull }: Decision, team: string): boolean {
  if (touchedTeams.has(team)) return true;
  if (isLineFull && !state.teams.has(team) && state.teams.size >= MOST_RINGS_WHEN_FULL) return false;
  return touchedTeams.size < mostTeams;
}

/** A deployment's ledger; one that nobody has booked on begins empty. */
export function ledgerOf(state: PoolState, deployment: string): DeploymentLedger {
  const known = state.deployments.get(deployment);
  if (known !== undefined) return known;
  const ledger = createLedger();
  state.deployments.set(deployment, ledger);
  return ledger;
}

export function limitsOfTeam(limits: PoolLimits, team: string): TeamLimits {
  return limits.teams.get(team) ?? unknownTeam;
}

/** What the open deployments serve per millisecond, in tokens, for jobs of a lane. */
export function poolTokensPerMs(decision: Decision, lane: Lane): number {
  const mean = decision.state.line.lanes[lane].meanCost;
  return decision.open.reduce((sum, { limits }) => sum + tokensPerMs(limits, mean), 0);
}

/** Tokens of send times that are held on a deployment and not given out. */
export function heldTokens(decision: Decision, deployment: string): number {
  let tokens = 0;
  for (const held of decision.state.line.reservations) if (held.deployment === deployment) tokens += held.tokens;
  return tokens;
}

/**
 * Milliseconds of pace that the open deployments have let pass on average, less what is held: more than 0 when nobody takes what is
 * there. For a lane that goes evenly on a deployment that requests limit, slices that have gone by do not come back.
 */
export function unusedMs(decision: Decision, evenLane: Lane | null = null): number {
  if (decision.open.length === 0) return 0;
  const { nowMs } = decision;
  const meanTokens = evenLane === null ? 0 : decision.state.line.lanes[evenLane].meanCost;
  const sum = decision.open.reduce((total, { ledger, limits }) => {
    const isEven = tokensPerMs(limits, meanTokens) < tokensPerMs(limits, 0);
    const untilMs = Math.max(pacedUntil(ledger), isEven ? ledger.evenUntilMs : 0);
    return total + nowMs - untilMs - paceOf(ledger, limits, heldTokens(decision, limits.name));
  }, 0);
  return sum / decision.open.length;
}

/**
 * Whether capacity is passing unused: nobody has taken the pace for seconds although there is room this very moment. Behind its
 * pace alone says little: when the windows are full, everybody is.
 */
export function isPassingUnused(decision: Decision, tokens: number, evenLane: Lane | null): boolean {
  return unusedMs(decision, evenLane) > UNUSED_MS && decision.open.some((on) => hasRoomNow(decision, on, tokens));
}

/** Whether a job of so many tokens could go on a deployment at once, pace apart. */
export function hasRoomNow(decision: Decision, on: OpenDeployment, tokens: number): boolean {
  const { earliestMs } = decision;
  const want = { tokens, fromMs: Math.max(earliestMs, on.fromMs), toMs: earliestMs + 100 };
  return findFit(on.ledger, on.limits, { ...want, isPaced: false, overdrawMs: 0, reserve: 0, share: on.verdict.share })
    .isFound;
}

/** A lane's part of the pool's whole limit over the last minute, 0–1: of its tokens or of its requests, whichever is more. */
export function shareOfMinute(decision: Decision, lane: Lane): number {
  if (decision.open.length === 0) return 0;
  const used = usedInMinute(decision.state.line.lanes[lane], decision.nowMs);
  const tokens = decision.open.reduce((sum, { limits }) => sum + limits.tokensPerMinute, 0);
  const requests = decision.open.reduce((sum, { limits }) => sum + requestsPerMs(limits) * 60_000, 0);
  return Math.max(used.tokens / tokens, used.requests / requests);
}

/** A team weighs its share; nothing while it is paused, so that virtual time passes it over. */
export function weigh(limits: PoolLimits): WeightOf {
  return (team) => {
    const { share, isPaused } = limitsOfTeam(limits, team);
    return isPaused ? 0 : share;
  };
}
