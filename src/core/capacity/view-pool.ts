import { lanes } from '../jobs/job.ts';
import type { DeploymentView, LaneView } from './capacity.ts';
import { advanceTime } from './decide-bookings.ts';
import { type Decision, type DecisionInput, ledgerOf, openDecision } from './decision.ts';
import type { HealthVerdict } from './deployment-health.ts';
import type { DeploymentLedger } from './deployment-ledger.ts';
import { laneRing, workAhead } from './lane-line.ts';
import { unjoinedOfLane } from './own-place.ts';
import { type DeploymentLimits, isSwitchedOff } from './pool-limits.ts';
import { clonePoolState } from './pool-state.ts';
import {
  createRing,
  deploymentRing,
  type RingCharge,
  type RingShape,
  sumFullest,
  sumRing,
  teamRing,
} from './token-ring.ts';

const everything = Number.POSITIVE_INFINITY;
const lastMinute: RingShape = { bucketMs: deploymentRing.bucketMs, windowBuckets: 60_000 / deploymentRing.bucketMs };

/** The pool's deployments as operators see them at `nowMs`. Pure. */
export function viewDeployments(input: DecisionInput): DeploymentView[] {
  const decision = advanced(input);
  return input.limits.deployments.map((limits) => viewDeployment(decision, limits));
}

/** The pool's lanes as operators see them at `nowMs`. Pure. */
export function viewLanes(input: DecisionInput): LaneView[] {
  const decision = advanced(input);
  return lanes.map((lane) => {
    const line = decision.state.line.lanes[lane];
    const used = sumRing(laneRing, line.used, input.nowMs);
    return {
      lane,
      tokensWaiting: Math.round(workAhead(line, everything, decision.weightOf) + unjoinedOfLane(decision, lane)),
      tokensLastMinute: used.tokens,
      requestsLastMinute: used.requests,
    };
  });
}

/** What of a team's own limits a call now would find used: its fullest minute, with what is booked for later already. Pure. */
export function viewTeam({ state, nowMs }: DecisionInput, team: string): RingCharge {
  return sumFullest(teamRing, state.teams.get(team) ?? createRing(), nowMs);
}

function advanced(input: DecisionInput): Decision {
  const decision = openDecision({ ...input, state: clonePoolState(input.state) });
  advanceTime(decision);
  return decision;
}

function viewDeployment(decision: Decision, limits: DeploymentLimits): DeploymentView {
  const ledger = ledgerOf(decision.state, limits.name);
  const verdict = decision.health.judge(ledger.health, decision.nowMs);
  const sent = sumRing(lastMinute, ledger.ring, decision.nowMs);
  // What is booked for the next seconds is room that a call now cannot have: all of it, where a ring was lost.
  const used = sumFullest(deploymentRing, ledger.ring, decision.nowMs);
  const { tokensPerMinute, requestsPerMinute } = limits;
  return {
    deployment: limits.name,
    region: limits.region,
    health: healthOf(decision, limits, ledger, verdict),
    breaker: verdict.breaker,
    breakerReason: verdict.reason,
    breakerSinceMs: verdict.sinceMs,
    nextProbeAtMs: nextProbeAt(verdict, ledger),
    load: Math.min(1, Math.max(ratio(used.tokens, tokensPerMinute), ratio(used.requests, requestsPerMinute))),
    tokensLastMinute: sent.tokens,
    requestsLastMinute: sent.requests,
    tokensRemaining: Math.max(0, tokensPerMinute - used.tokens),
    requestsRemaining: Math.max(0, requestsPerMinute - used.requests),
    tokensPerMinute,
    requestsPerMinute,
    firstByteMs: verdict.latency.firstByteMs,
    msPerOutputToken: verdict.latency.msPerOutputToken,
    heardMs: verdict.heardMs ?? 0,
    calibration: ledger.calibration,
    driftCount: ledger.driftCount,
    failoversFrom: ledger.failoversFrom,
    failoversTo: ledger.failoversTo,
  };
}

function healthOf(
  decision: Decision,
  limits: DeploymentLimits,
  ledger: DeploymentLedger,
  verdict: HealthVerdict,
): DeploymentView['health'] {
  if (decision.limits.isPaused || isSwitchedOff(limits)) return 'paused';
  if (verdict.breaker === 'half-open') return 'probing';
  if (verdict.breaker === 'open') return 'ejected';
  const isCooling = verdict.admits !== 'all' || ledger.cooledUntilMs > decision.nowMs;
  return isCooling ? 'cooling' : 'healthy';
}

/** When one call may test a deployment that is not simply open: the end of its break, its cool-down or the lease of a probe that is out. */
function nextProbeAt(verdict: HealthVerdict, ledger: DeploymentLedger): number | null {
  return verdict.admits === 'all' ? null : Math.max(verdict.untilMs, ledger.cooledUntilMs);
}

function ratio(used: number, limit: number): number {
  return limit <= 0 ? 1 : used / limit;
}
