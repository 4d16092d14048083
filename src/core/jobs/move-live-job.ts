import type { Ticket } from '../capacity/ticket.ts';
import { addUsage, noUsage } from '../tokens/usage.ts';
import type { Attempt } from './attempt.ts';
import type { Job } from './job.ts';
import type { Billed, Intent, Lease, LiveJob, Rerun } from './live-job.ts';
import { appendTrail, type TrailEvent } from './trail.ts';

const nothingBilled = { usage: noUsage, cost: { nanoUsd: 0, priceId: null, measured: true } };

/** The live row of a job that has just been accepted: due at once. */
export function openLiveJob(job: Job): LiveJob {
  return {
    team: job.team,
    id: job.id,
    lane: job.lane,
    model: job.model,
    createdAtMs: job.createdAtMs,
    deadlineAtMs: job.deadlineAtMs,
    state: 'queued',
    attempt: 0,
    lease: null,
    intent: null,
    dueAtMs: job.createdAtMs,
    resends: 0,
    ticket: null,
    cancelRequested: false,
    eraseRequested: false,
    rescues: 0,
    rounds: 0,
    attempts: [],
    billed: nothingBilled,
    trail: [{ atMs: job.createdAtMs, type: 'accepted' }],
    hold: { nanoUsd: job.holdNanoUsd, period: job.budgetPeriod },
  };
}

/**
 * queued → running under the next attempt number, with the intent that is billed if its worker is lost. A claim under which
 * nothing was sent is claimed anew under its own number: numbers count calls.
 */
export function claimLiveJob(
  live: LiveJob,
  claim: { lease: Lease; intent: Intent; ticket: Ticket | null; why: string },
): LiveJob {
  const isUnsent = live.state === 'running' && live.attempts.at(-1)?.number !== live.attempt;
  const attempt = isUnsent ? live.attempt : live.attempt + 1;
  return {
    ...live,
    state: 'running',
    attempt,
    lease: claim.lease,
    intent: claim.intent,
    ticket: claim.ticket,
    resends: 0,
    trail: appendTrail(live.trail, {
      atMs: claim.intent.startedAtMs,
      type: 'claimed',
      attempt,
      deployment: claim.intent.deployment,
      ...modelOf(claim.intent),
      why: claim.why,
    }),
  };
}

/** Adds a finished attempt and what it cost to the row; state and lease stay as they are. */
export function recordAttempt(live: LiveJob, attempt: Attempt, billed: Billed): LiveJob {
  return {
    ...live,
    attempts: keepAttempts([...live.attempts, attempt]),
    billed: addBilled(live.billed, billed),
    trail: appendTrail(live.trail, attemptEvent(attempt)),
  };
}

/** Throttled attempts of one job that stay on record: a day of them would outgrow the row. */
const throttledKept = 20;

/** All attempts that were not throttled, the first, and the newest throttled ones. */
function keepAttempts(attempts: readonly Attempt[]): readonly Attempt[] {
  const throttled = attempts.filter((attempt, index) => index > 0 && attempt.outcome === 'throttled');
  const dropped = new Set(throttled.slice(0, Math.max(0, throttled.length - throttledKept)));
  return dropped.size === 0 ? attempts : attempts.filter((attempt) => !dropped.has(attempt));
}

/** Adds up attempts; the price named is the newest one's, and one estimate makes the sum an estimate. */
export function addBilled(left: Billed, right: Billed): Billed {
  return {
    usage: addUsage(left.usage, right.usage),
    cost: {
      nanoUsd: left.cost.nanoUsd + right.cost.nanoUsd,
      priceId: right.cost.priceId ?? left.cost.priceId,
      measured: left.cost.measured && right.cost.measured,
    },
  };
}

/** Begins the one run with a larger output cap; the answer in hand is kept beside it. */
export function startRerun(live: LiveJob, rerun: Rerun, at: { atMs: number; outputCap: number }): LiveJob {
  const { reason } = rerun;
  const event = { atMs: at.atMs, type: 'rerun', reason, outputCap: at.outputCap } as const;
  return { ...live, rerun, trail: appendTrail(live.trail, event) };
}

/** → queued until `dueAtMs`: out of a worker's hands, with its place in line. */
export function parkLiveJob(
  live: LiveJob,
  park: { atMs: number; dueAtMs: number; ticket: Ticket | null; reason: string; isRoundOver: boolean },
): LiveJob {
  return {
    ...live,
    state: 'queued',
    lease: null,
    intent: null,
    dueAtMs: park.dueAtMs,
    resends: 0,
    ticket: park.ticket,
    rounds: park.isRoundOver ? live.rounds + 1 : live.rounds,
    trail: appendTrail(live.trail, { atMs: park.atMs, type: 'deferred', reason: park.reason, untilMs: park.dueAtMs }),
  };
}

/** running with a dead worker → queued and due now; the lost attempt is on record with unknown outcome. */
export function rescueLiveJob(live: LiveJob, lost: Attempt, billed: Billed, nowMs: number): LiveJob {
  const recorded = recordAttempt(live, lost, billed);
  return {
    ...recorded,
    state: 'queued',
    lease: null,
    intent: null,
    dueAtMs: nowMs,
    resends: 0,
    rescues: live.rescues + 1,
    trail: appendTrail(recorded.trail, {
      atMs: nowMs,
      type: 'rescued',
      attempt: lost.number,
      reason: 'worker_lost',
    }),
  };
}

/** The attempt that a dead worker's intent stands for. */
export function lostAttempt(live: LiveJob, intent: Intent, nowMs: number): Attempt {
  return {
    number: live.attempt,
    deployment: intent.deployment,
    region: intent.region,
    ...modelOf(intent),
    statusCode: null,
    startedAtMs: intent.startedAtMs,
    latencyMs: Math.max(0, nowMs - intent.startedAtMs),
    outcome: 'unknown',
    reason: 'worker_lost',
  };
}

/** An attempt as the trail tells it. */
export function attemptEvent(attempt: Attempt): TrailEvent {
  return {
    atMs: attempt.startedAtMs + attempt.latencyMs,
    type: 'attempt',
    attempt: attempt.number,
    deployment: attempt.deployment,
    region: attempt.region,
    ...modelOf(attempt),
    statusCode: attempt.statusCode,
    latencyMs: attempt.latencyMs,
    outcome: attempt.outcome,
    reason: attempt.reason,
  };
}

/** The fallback's model where there was one: rows and trails of all other jobs do without the field. */
function modelOf({ model }: { readonly model?: string }): { readonly model?: string } {
  return model === undefined ? {} : { model };
}
