import { budgetPeriodAt } from '../budgets/budget-period.ts';
import { findTeam } from '../config/find-deployment.ts';
import { decideMend } from '../jobs/decide-mend.ts';
import type { Job } from '../jobs/job.ts';
import { jobTimeMs } from '../jobs/job-id.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { lostAttempt, recordAttempt } from '../jobs/move-live-job.ts';
import { rebuildJob } from '../jobs/rebuild-job.ts';
import { type Found, versionOf } from '../jobs/repair-store.ts';
import { describeEnd } from './end-job.ts';
import { recordDamaged } from './job-errors.ts';
import { settleHold } from './money-orders.ts';
import type { Ports } from './ports.ts';
import { usageRowOf } from './usage-row-of.ts';

/** `sound`: nothing was to be mended; `waits`: its worker still has it; `mended`: it has ended; `lost`: it changed meanwhile. */
export type MendResult = 'sound' | 'waits' | 'mended' | 'lost';

/**
 * Looks at both rows of a job that somebody came upon damaged, and ends the job if they no longer fit together: with the hold given
 * back, a call under way booked as unknown, and an error that says what happened. Every write is conditional on the rows as found.
 */
export async function mendJob(ports: Ports, team: string, id: string): Promise<MendResult> {
  const first = await ports.repairs.findLive(team, id);
  const job = await ports.repairs.findJob(team, id);
  // A job that was accepted between the two reads has its live row by now.
  const live = first.kind === 'absent' ? await ports.repairs.findLive(team, id) : first;
  const decision = decideMend(job, live, ports.clock.now());
  switch (decision.outcome) {
    case 'sound':
      return 'sound';
    case 'wait':
      return 'waits';
    case 'drop':
      return bury(ports, { job: decision.job, usage: [], holdNanoUsd: 0 }, { job, live });
    case 'fail':
      return fail(ports, { team, id }, decision, { job, live });
  }
}

interface Rows {
  readonly job: Found<Job>;
  readonly live: Found<LiveJob>;
}

async function fail(
  ports: Ports,
  { team, id }: { readonly team: string; readonly id: string },
  known: { readonly job: Job | null; readonly live: LiveJob | null },
  rows: Rows,
): Promise<MendResult> {
  const nowMs = ports.clock.now();
  const createdAtMs = known.live?.createdAtMs ?? jobTimeMs(id) ?? nowMs;
  const zone = findTeam(ports.config.current(), team)?.budget?.timeZone ?? 'Etc/UTC';
  const budgetPeriod = budgetPeriodAt(createdAtMs, zone);
  const job = known.job ?? rebuildJob({ team, id }, known.live, { createdAtMs, budgetPeriod });
  const { live, usage } = bookLostCall(job, known.live, nowMs);
  const ending = { status: 'failed', response: null, error: recordDamaged, usage } as const;
  const end = describeEnd(live, ending, nowMs);
  const result = await bury(ports, { job: { ...job, end }, usage, holdNanoUsd: job.holdNanoUsd }, rows);
  if (result === 'mended') ports.signals.announceEnd(id);
  return result;
}

/** The live row with the call that was under way as a lost attempt, and its usage row; nothing when there was none. */
function bookLostCall(job: Job, live: LiveJob | null, nowMs: number) {
  const intent = live?.intent ?? null;
  if (live === null || intent === null) return { live, usage: [] };
  const attempt = lostAttempt(live, intent, nowMs);
  const billed = {
    usage: intent.usage,
    cost: { nanoUsd: intent.costNanoUsd, priceId: intent.priceId, measured: false },
  };
  return { live: recordAttempt(live, attempt, billed), usage: [usageRowOf(job, attempt, billed)] };
}

async function bury(
  ports: Ports,
  order: { readonly job: Job; readonly usage: ReturnType<typeof bookLostCall>['usage']; readonly holdNanoUsd: number },
  { job: foundJob, live: foundLive }: Rows,
): Promise<MendResult> {
  const { job, usage, holdNanoUsd } = order;
  const result = await ports.writer.submit(job.team, {
    change: { kind: 'bury', job, jobVersion: versionOf(foundJob), liveVersion: versionOf(foundLive), usage },
    period: job.budgetPeriod,
    decideMoney: settleHold(holdNanoUsd, usage),
  });
  if (result.outcome !== 'applied') return 'lost';
  ports.telemetry.track({
    type: 'notice',
    atMs: ports.clock.now(),
    level: 'error',
    name: 'job_mended',
    message: 'Rows of a job were deleted or damaged outside Weir; the job was ended with what is left of them.',
    fields: { team: job.team, job: job.id, jobRow: foundJob.kind, liveRow: foundLive.kind },
  });
  return 'mended';
}
