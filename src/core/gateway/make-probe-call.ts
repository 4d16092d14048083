import { holdMoney } from '../budgets/hold-money.ts';
import type { Booking } from '../capacity/capacity.ts';
import type { DeploymentConfig } from '../config/config-schema.ts';
import type { Job } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { claimLiveJob, openLiveJob } from '../jobs/move-live-job.ts';
import { type ProbeJob, probeTeam } from '../routing/plan-probe.ts';
import type { Versioned } from '../versioned.ts';
import { endJob } from './end-job.ts';
import { makeAttempt } from './make-attempt.ts';
import type { Ports } from './ports.ts';
import { priceAttempt } from './price-attempt.ts';
import { isLate } from './take-turn.ts';

/**
 * Makes a probe's one call. It is kept as a job that is born claimed, so that what it costs is on the accounts whatever happens
 * to this process. No answer in `withinMs` is silence. False when it could not be sent in time, or this process has no
 * credential for it; then the probe goes back.
 */
export async function makeProbeCall(
  ports: Ports,
  { job, body }: ProbeJob,
  turn: { readonly booking: Booking; readonly deployment: DeploymentConfig; readonly withinMs: number },
): Promise<boolean> {
  const { booking, deployment, withinMs } = turn;
  let claimed: Versioned<LiveJob> | null = null;
  try {
    if (await ports.readiness.prepare(job.model, deployment)) claimed = await acceptClaimed(ports, job, turn);
  } finally {
    if (claimed === null) ports.capacity.release(booking);
  }
  if (claimed === null) return false;
  // Past its deadline nothing is sent: a booking there is waited for until then and given back.
  const readyAtMs = Math.min(booking.sendAtMs, job.deadlineAtMs);
  await ports.clock.sleep(readyAtMs - ports.clock.now(), ports.drain.waits);
  if (isLate(ports, booking) || ports.clock.now() >= job.deadlineAtMs || ports.drain.isDraining) {
    ports.capacity.release(booking);
    await endJob(ports, job, claimed, { status: 'cancelled', response: null, error: null, usage: [] });
    return false;
  }
  const { connectMs, firstByteMs, totalMs } = ports.config.current().timeouts;
  const timeouts = {
    connectMs,
    firstByteMs: Math.min(firstByteMs, withinMs),
    totalMs: Math.min(totalMs, withinMs),
  };
  const { row, classification, usageRow } = await makeAttempt(ports, job, claimed, {
    booking,
    deployment,
    body,
    timeouts,
  });
  const status = classification.verdict === 'succeeded' ? 'succeeded' : 'failed';
  await endJob(ports, job, row, { status, response: null, error: classification.error, usage: [usageRow] });
  return true;
}

/** Accepts and claims in one write: nobody else may come upon the probe in between. */
async function acceptClaimed(
  ports: Ports,
  job: Job,
  turn: { readonly booking: Booking; readonly deployment: DeploymentConfig },
): Promise<Versioned<LiveJob> | null> {
  const now = ports.clock.now();
  const { name: deployment, region } = turn.deployment;
  const worst = priceAttempt(ports, job, deployment, { kind: 'estimated', part: 'all' });
  const { nanoUsd: costNanoUsd, priceId } = worst.cost;
  const live = claimLiveJob(openLiveJob(job), {
    lease: { holder: ports.holder, untilMs: now + ports.settings.leaseMs },
    intent: { deployment, region, startedAtMs: now, usage: worst.usage, costNanoUsd, priceId },
    ticket: null,
    why: turn.booking.why,
  });
  await ports.live.registerTeam(probeTeam);
  const accepted = await ports.writer.submit(probeTeam, {
    change: { kind: 'accept', job, live },
    period: job.budgetPeriod,
    decideMoney: (budget) => holdMoney(budget, job.holdNanoUsd, null),
  });
  return accepted.outcome === 'applied' && accepted.version !== null
    ? { value: live, version: accepted.version }
    : null;
}
