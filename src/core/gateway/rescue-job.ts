import type { UsageRow } from '../cost/usage-row.ts';
import type { Attempt } from '../jobs/attempt.ts';
import { maxRescues } from '../jobs/decide-wake.ts';
import type { Job } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { lostAttempt, recordAttempt, rescueLiveJob } from '../jobs/move-live-job.ts';
import { probeTeam } from '../routing/plan-probe.ts';
import type { Versioned } from '../versioned.ts';
import { advanceJob } from './advance-job.ts';
import { recoverAnswer } from './answer-content.ts';
import { endJob } from './end-job.ts';
import type { Ports } from './ports.ts';
import { jobOfRun } from './run-again.ts';
import { usageRowOf } from './usage-row-of.ts';

/** `rescued`: due now and nobody's; `ended`: it is terminal; `lost`: somebody else was faster. */
export type RescueResult = 'rescued' | 'ended' | 'lost';

/**
 * Takes over a job whose worker has been silent past its lease. If the lost attempt left its answer behind, that is the
 * result and no second call is made. Otherwise the attempt is booked with unknown outcome at the cost of its intent,
 * and the third loss ends the job `worker_lost`; a probe's first does, for its answer helps nobody any more.
 */
export async function rescueJob(ports: Ports, job: Job, row: Versioned<LiveJob>): Promise<RescueResult> {
  const recovered = await recoverAnswer(ports, jobOfRun(job, row.value), row.value);
  if (recovered !== null) {
    const live = recordAttempt(row.value, recovered.attempt, recovered.billed);
    const ended = await endJob(
      ports,
      job,
      { value: live, version: row.version },
      {
        status: 'succeeded',
        response: recovered.response,
        error: null,
        usage: [recovered.usageRow],
        isTakeOver: true,
      },
    );
    return ended.outcome === 'ended' ? 'ended' : 'lost';
  }
  const now = ports.clock.now();
  const { intent } = row.value;
  if (intent === null) {
    const live: LiveJob = { ...row.value, state: 'queued', lease: null, dueAtMs: now };
    const freed = await advanceJob(ports, { live, version: row.version, usage: [] }, job.budgetPeriod);
    return freed.outcome === 'advanced' ? 'rescued' : 'lost';
  }
  const attempt: Attempt = lostAttempt(row.value, intent, now);
  const billed = {
    usage: { ...intent.usage },
    cost: { nanoUsd: intent.costNanoUsd, priceId: intent.priceId, measured: false },
  };
  const usageRow: UsageRow = usageRowOf(job, attempt, billed);
  const live = rescueLiveJob(row.value, attempt, billed, now);
  ports.telemetry.track({
    type: 'notice',
    atMs: now,
    level: 'warning',
    name: 'worker_lost',
    message: 'A worker was lost in the middle of an attempt; its outcome is booked as unknown and the job goes on.',
    fields: { team: job.team, job: job.id, attempt: attempt.number, rescues: live.rescues },
  });
  if (live.rescues >= maxRescues || job.team === probeTeam) {
    const ended = await endJob(
      ports,
      job,
      { value: live, version: row.version },
      {
        status: 'failed',
        response: null,
        error: {
          type: 'server_error',
          code: 'worker_lost',
          message: `The worker was lost ${live.rescues} times over this job; it was given up. Submit it again if that was by chance.`,
        },
        usage: [usageRow],
        isTakeOver: true,
      },
    );
    return ended.outcome === 'ended' ? 'ended' : 'lost';
  }
  const freed = await advanceJob(ports, { live, version: row.version, usage: [usageRow] }, job.budgetPeriod);
  return freed.outcome === 'advanced' ? 'rescued' : 'lost';
}
