import type { Lane } from '../jobs/job.ts';
import { estimateAdmission } from './admission-estimate.ts';
import { type Ask, type Decision, heldTokens } from './decision.ts';
import type { PaceBounds } from './deployment-ledger.ts';

/** A job over this part of a deployment's TPM never finds room by chance: at its turn it books far ahead. */
const BIG_JOB = 0.02;
/** So many times that leave a deployment without room near. */
const BLOCKING = 5;
const MINUTE_MS = 60_000;

/** From this many tokens on a job is big. */
export function bigFrom(decision: Decision): number {
  return BIG_JOB * largestOpen(decision);
}

/** From this many tokens on a send time leaves a deployment without room near. */
export function blockingFrom(decision: Decision): number {
  return BLOCKING * bigFrom(decision);
}

/** The time in which a deployment frees as much as a big job takes; 0 for any other job. */
export function refillMs(decision: Decision, { request }: Ask): number {
  const tokens = estimateAdmission(request.estimate);
  const largest = largestOpen(decision);
  return largest === 0 || tokens < bigFrom(decision) ? 0 : Math.min(MINUTE_MS, (tokens * MINUTE_MS) / largest);
}

/**
 * How long before its turn a job begins to look for room: as long as it takes to free it. One that leaves no room for others looks for
 * as long as windows are known: where another such job leaves one, its own costs nobody anything.
 */
export function leadOf(decision: Decision, ask: Ask): number {
  const { lane, estimate } = ask.request;
  const looksFar = lane !== 'interactive' && estimateAdmission(estimate) >= blockingFrom(decision);
  return looksFar && decision.open.length > 0 ? MINUTE_MS : refillMs(decision, ask);
}

/** What a booking on a deployment pays its pace by. */
export function paceBoundsOf(decision: Decision, lane: Lane, to: { deployment: string; tokens: number }): PaceBounds {
  // After a call of that size that came out of turn the lanes that are paced make room for the next.
  const paysSavedOnly = lane !== 'interactive' && to.tokens >= blockingFrom(decision);
  return { nowMs: decision.nowMs, heldTokens: heldTokens(decision, to.deployment), paysSavedOnly };
}

function largestOpen({ open }: Decision): number {
  return open.reduce((most, { limits }) => Math.max(most, limits.tokensPerMinute), 0);
}
