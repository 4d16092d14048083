import type { Lane } from '../jobs/job.ts';
import type { OpenDeployment } from './decision.ts';

/** A deployment on which a job fits, and when. */
export interface Candidate {
  readonly on: OpenDeployment;
  readonly tokens: number;
  readonly sendAtMs: number;
  /** Booked share of the minute that ends with the send, 0–1. */
  readonly load: number;
}

/** Send times this close are the same: load and latency decide between them. */
const TIE_MS = 50;

/**
 * Design §8: provisioned before pay-as-you-go and by priority while the load is under the threshold; all over it: the earliest
 * start, then the lowest load, then the lowest latency. A half-open deployment's one probe goes to work that can bear it.
 */
export function chooseCandidate(
  candidates: readonly Candidate[],
  want: { lane: Lane; loadThreshold: number; hasProvisioned: boolean },
): { candidate: Candidate; why: string } | null {
  const probe = candidates.find(({ on }) => on.verdict.admits === 'probe');
  if (probe !== undefined && want.lane !== 'interactive') return { candidate: probe, why: 'probe' };
  const allowed = want.hasProvisioned ? candidates.filter((candidate) => maySpill(candidate, want.lane)) : candidates;
  const free = allowed.filter(({ load, on }) => load < want.loadThreshold && on.verdict.admits === 'all');
  const byPriority = best(free, comparePreference);
  if (byPriority !== null) return { candidate: byPriority, why: 'priority' };
  const byStart = best(allowed, compareStart);
  return byStart === null ? null : { candidate: byStart, why: allowed.length === 1 ? 'only' : 'earliest' };
}

/** Beside provisioned capacity, pay-as-you-go is for the lanes that may spill over to it. */
function maySpill({ on }: Candidate, lane: Lane): boolean {
  return on.limits.isProvisioned || on.limits.spill.includes(lane);
}

function best(
  candidates: readonly Candidate[],
  compare: (left: Candidate, right: Candidate) => number,
): Candidate | null {
  let found: Candidate | null = null;
  for (const candidate of candidates) if (found === null || compare(candidate, found) < 0) found = candidate;
  return found;
}

function comparePreference(left: Candidate, right: Candidate): number {
  if (left.on.limits.isProvisioned !== right.on.limits.isProvisioned) return left.on.limits.isProvisioned ? -1 : 1;
  return left.on.limits.priority - right.on.limits.priority || compareStart(left, right);
}

function compareStart(left: Candidate, right: Candidate): number {
  const apartMs = left.sendAtMs - right.sendAtMs;
  if (Math.abs(apartMs) > TIE_MS) return apartMs;
  if (Math.abs(left.load - right.load) > 0.005) return left.load - right.load;
  return (left.on.ledger.firstByteMs ?? 0) - (right.on.ledger.firstByteMs ?? 0) || apartMs;
}
