import type { Lane } from '../jobs/job.ts';
import { leadOf } from './big-job.ts';
import type { WaitReason } from './capacity.ts';
import type { Ask, Decision } from './decision.ts';
import { workAhead } from './lane-line.ts';
import type { DeploymentLimits } from './pool-limits.ts';
import type { Ticket } from './ticket.ts';
import { estimateTurn } from './turn-estimate.ts';

/** A probe has answered within this. */
const PROBE_MS = 2000;
/** A job that is spared tests looks again after this: about when the next test has been made. */
const SPARED_MS = 6000;

/** An ask with its place in line. */
export interface Place {
  readonly ask: Ask;
  readonly ticket: Ticket;
  /** Whether this is the job's first wake. */
  readonly isNew: boolean;
  /** Whether its team had nothing in line: a team that asks for little does not wait behind what others are late with. */
  readonly isSparse: boolean;
}

/** Waits for its turn in line. The park ends a little early: a turn that is missed is worse than one that is asked for twice. */
export function wait(decision: Decision, lane: Lane, place: Place, reason: WaitReason): void {
  const ahead = workAhead(decision.state.line.lanes[lane], place.ticket.start, decision.weightOf);
  const turnMs = estimateTurn(decision, lane, ahead) - leadOf(decision, place.ask);
  setWait(
    place,
    Math.max(decision.nowMs + 400, turnMs - 1000),
    decision.open.length === 0 ? closedBy(decision, reason) : reason,
  );
}

export function setWait({ ask, ticket }: Place, untilMs: number, reason: WaitReason): void {
  ask.result = { outcome: 'wait', untilMs: Math.ceil(untilMs), ticket, reason };
}

/** When a job is worth asking for again that none of the deployments which can hold it takes now, and what it waits for. */
export function closedTo(
  { open, closed, nowMs }: Decision,
  able: readonly DeploymentLimits[],
): { untilMs: number; reason: WaitReason } {
  const tested = open.filter(({ limits }) => able.includes(limits));
  // A job that is spared tests waits until somebody else has made one.
  if (tested.some(({ isFree }) => isFree)) return { untilMs: nowMs + SPARED_MS, reason: 'breaker' };
  // Their one probe was given out in this batch: a moment later its answer may be there.
  if (tested.length > 0) return { untilMs: nowMs + PROBE_MS, reason: 'breaker' };
  const out = closed.filter(({ limits }) => able.includes(limits));
  if (out.length === 0) return { untilMs: nowMs + 60_000, reason: 'paused' };
  const isQuotaWait = out.every((each) => each.isQuotaWait);
  // A fallback is for deployments that are out of service, never for want of quota.
  return { untilMs: Math.min(...out.map(({ fromMs }) => fromMs)), reason: isQuotaWait ? 'tpm' : 'breaker' };
}

export function closedBy(decision: Decision, reason: WaitReason): WaitReason {
  if (decision.open.length > 0 || reason === 'paused') return reason;
  if (!Number.isFinite(decision.reopensAtMs)) return 'paused';
  // A fallback is for deployments that are out of service, never for want of quota.
  return decision.isQuotaWait ? 'tpm' : 'breaker';
}
