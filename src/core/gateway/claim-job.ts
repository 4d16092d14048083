import type { Booking } from '../capacity/capacity.ts';
import type { Ticket } from '../capacity/ticket.ts';
import type { DeploymentConfig } from '../config/config-schema.ts';
import type { Job } from '../jobs/job.ts';
import { claimLiveJob } from '../jobs/move-live-job.ts';
import { advanceOwnJob, type OwnAdvance } from './advance-job.ts';
import type { Ports } from './ports.ts';
import { priceAttempt } from './price-attempt.ts';
import type { Round } from './work-on-job.ts';

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
  return advanceOwnJob(ports, round.row, {
    change: (live) =>
      claimLiveJob(live, {
        lease: { holder: ports.holder, untilMs: now + ports.settings.leaseMs },
        intent: { deployment, region, startedAtMs: now, usage: worst.usage, costNanoUsd, priceId },
        ticket: turn.ticket,
        why: turn.booking.why,
      }),
    usage: round.unwritten,
    budgetPeriod: job.budgetPeriod,
  });
}
