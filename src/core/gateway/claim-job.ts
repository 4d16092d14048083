import type { Booking } from '../capacity/capacity.ts';
import type { Ticket } from '../capacity/ticket.ts';
import type { DeploymentConfig } from '../config/config-schema.ts';
import { findTeam } from '../config/find-deployment.ts';
import type { Job } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { claimLiveJob } from '../jobs/move-live-job.ts';
import { advanceOwnJob, type OwnAdvance } from './advance-job.ts';
import { spendWithRoom } from './money-orders.ts';
import { type Patience, persist, type Write } from './persist.ts';
import type { Ports } from './ports.ts';
import { priceAttempt } from './price-attempt.ts';
import type { Round } from './round.ts';

/** Claims the next attempt: fence, lease and intent in one conditional write, with the usage of the attempt before it. */
export function claimJob(
  ports: Ports,
  job: Job,
  round: Round,
  turn: { booking: Booking; ticket: Ticket | null; deployment: DeploymentConfig },
): Promise<OwnAdvance> {
  const now = ports.clock.now();
  const { name: deployment, region } = turn.deployment;
  const worst = priceAttempt(ports, job, deployment, { kind: 'estimated', part: 'all' });
  const { nanoUsd: costNanoUsd, priceId } = worst.cost;
  // No two claims look alike: who reads its row back must not take another invocation's for its own.
  const holder = `${ports.holder}/${ports.random.hex(4)}`;
  const change = (live: LiveJob) =>
    claimLiveJob(live, {
      lease: { holder, untilMs: now + ports.settings.leaseMs },
      intent: {
        deployment,
        region,
        ...fallbackModel(live, job),
        startedAtMs: now,
        usage: worst.usage,
        costNanoUsd,
        priceId,
      },
      ticket: turn.ticket,
      why: tellWhy(turn.booking, round),
    });
  const { unwritten: usage, row } = round;
  const { budgetPeriod } = job;
  // A call that was paid for used up its part of the hold: what the next one costs must fit in the hold's place.
  const isFirst = row.value.billed.cost.nanoUsd === 0;
  const decideMoney = isFirst
    ? undefined
    : spendWithRoom(findTeam(ports.config.current(), job.team), usage, { costNanoUsd, holdNanoUsd: job.holdNanoUsd });
  // Tried again for a while: a claim whose reply never came would else be billed as a call that nobody made.
  const write: Write = (claim) => persist(ports, claim, claimPatience);
  return advanceOwnJob(ports, row, { change, usage, budgetPeriod, decideMoney }, write);
}

/** Why this deployment, for the trail: after a failure also which one was left. */
function tellWhy({ why }: Booking, { exclude }: Round): string {
  const left = exclude.at(-1);
  return left === undefined ? why : `${why}, after ${left} failed`;
}

/** Names the model that is called when it is not the one that was asked for. */
export function fallbackModel(live: LiveJob, served: Job): { readonly model?: string } {
  return live.model === served.model ? {} : { model: served.model };
}

/**
 * Twice an outage of a minute, for a claim that is given up sooner is taken for a lost worker's. No heartbeat keeps it before it is known
 * to be written: a pause, a call without reply and the first heartbeat together stay within the wait for a sign of life.
 */
const claimPatience: Patience = { limitMs: 120_000, longestPauseMs: 1000 };
