import type { Lane } from '../jobs/job.ts';
import { deploymentsFor } from './lane-deployments.ts';
import { expectedLatencyMs, type Latency } from './latency.ts';

/** A deployment of the pool as ranking sees it. */
export interface DeploymentCandidate {
  readonly name: string;
  /** Lower is tried first. */
  readonly priority: number;
  readonly isProvisioned: boolean;
  /** Lanes that may spill over to it from provisioned deployments. */
  readonly spill: readonly Lane[];
  readonly admits: 'all' | 'probe' | 'none';
  /** Why it takes nothing, and until when; of no account while it takes calls. */
  readonly reason: string | null;
  readonly untilMs: number;
  /** Booked share of the last minute, 0–1. */
  readonly load: number;
  /** The part of its quota it should be given while it recovers, above 0 to 1. */
  readonly share: number;
  /** Earliest moment at which the job fits its limits. */
  readonly startAtMs: number;
  readonly latency: Latency;
}

export interface RankRequest {
  readonly lane: Lane;
  readonly outputTokens: number;
  /** Deployments that already failed in this round. */
  readonly exclude: readonly string[];
  readonly loadThreshold: number;
}

/** `why` names the rule that put a candidate where it stands. */
export interface RankedDeployment {
  readonly name: string;
  readonly why: 'probe' | 'priority' | 'earliest' | 'failed_before';
}

/** Best first; `refused` holds the others with the reason and, where time helps, until when. */
export interface Ranking {
  readonly ranked: readonly RankedDeployment[];
  readonly refused: readonly { readonly name: string; readonly reason: string; readonly untilMs: number | null }[];
}

/** Starts this close together are the same. */
const sameStartMs = 50;

/**
 * Orders a pool's deployments for one job (design §8): under `loadThreshold` provisioned first, then by priority; from
 * it on by the earliest start, then the lowest load, then the lowest latency. One that asks for its probe gets it from
 * work that can bear a failure, else it comes after the healthy ones; one that failed in this round comes last.
 * Where the pool has a provisioned deployment that is not in the list's `spill`, a lane stays on the provisioned ones.
 */
export function rankDeployments(candidates: readonly DeploymentCandidate[], request: RankRequest): Ranking {
  const open = deploymentsFor(candidates, request.lane).filter(({ admits }) => admits !== 'none');
  const ranked = open
    .map((candidate) => ({ candidate, why: groupOf(candidate, request) }))
    .sort(
      (left, right) =>
        order.indexOf(left.why) - order.indexOf(right.why) ||
        (left.why === 'priority' ? comparePreference(left.candidate, right.candidate) : 0) ||
        compareStart(left.candidate, right.candidate, request),
    )
    .map(({ candidate, why }) => ({ name: candidate.name, why: why === 'late_probe' ? ('probe' as const) : why }));
  const refused = candidates
    .filter((candidate) => !open.includes(candidate))
    .map((candidate) =>
      candidate.admits === 'none'
        ? { name: candidate.name, reason: candidate.reason ?? 'breaker', untilMs: candidate.untilMs }
        : { name: candidate.name, reason: 'no_spill', untilMs: null },
    );
  return { ranked, refused };
}

type Group = RankedDeployment['why'] | 'late_probe';
const order: readonly Group[] = ['probe', 'priority', 'earliest', 'late_probe', 'failed_before'];

function groupOf(candidate: DeploymentCandidate, request: RankRequest): Group {
  if (request.exclude.includes(candidate.name)) return 'failed_before';
  // Nobody waits on the line for work of the other lanes: it is what a region is tried with.
  if (candidate.admits === 'probe') return request.lane === 'interactive' ? 'late_probe' : 'probe';
  return effectiveLoad(candidate) < request.loadThreshold ? 'priority' : 'earliest';
}

/** A recovering deployment counts as full at its share: work comes back to it as it ramps up. */
function effectiveLoad(candidate: DeploymentCandidate): number {
  return candidate.load / candidate.share;
}

function comparePreference(left: DeploymentCandidate, right: DeploymentCandidate): number {
  if (left.isProvisioned !== right.isProvisioned) return left.isProvisioned ? -1 : 1;
  return left.priority - right.priority;
}

function compareStart(left: DeploymentCandidate, right: DeploymentCandidate, request: RankRequest): number {
  // Rounded to slots, not compared by distance: "nearly the same" is no order that a sort can keep.
  const slots = Math.floor(left.startAtMs / sameStartMs) - Math.floor(right.startAtMs / sameStartMs);
  const latencyMs =
    expectedLatencyMs(left.latency, request.outputTokens) - expectedLatencyMs(right.latency, request.outputTokens);
  return slots || effectiveLoad(left) - effectiveLoad(right) || latencyMs || left.name.localeCompare(right.name, 'en');
}
