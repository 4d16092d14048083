import type { Ticket } from '../capacity/ticket.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { parkLiveJob } from '../jobs/move-live-job.ts';
import type { Versioned } from '../versioned.ts';
import { advanceOwnJob, type OwnAdvance } from './advance-job.ts';
import type { Write } from './persist.ts';
import type { Ports } from './ports.ts';
import { wakeJob } from './wake-job.ts';

export interface Park {
  readonly untilMs: number;
  readonly ticket: Ticket | null;
  /** Told in the trail: `tpm`, `rpm`, `breaker`, … */
  readonly reason: string;
  /** A round of attempts ended retryably: the next round's back-off grows. */
  readonly isRoundOver: boolean;
  readonly usage: readonly UsageRow[];
  readonly budgetPeriod: string;
}

/** Row first, then the delayed message: who loses the write ends silently, for someone else has moved the job. */
export async function parkJob(ports: Ports, row: Versioned<LiveJob>, park: Park, write: Write): Promise<OwnAdvance> {
  const now = ports.clock.now();
  const dueAtMs = Math.max(now, Math.min(park.untilMs, row.value.deadlineAtMs));
  const { ticket, reason, isRoundOver } = park;
  const { usage, budgetPeriod } = park;
  const change = (live: LiveJob) => parkLiveJob(live, { atMs: now, dueAtMs, ticket, reason, isRoundOver });
  const result = await advanceOwnJob(ports, row, { change, usage, budgetPeriod }, write);
  if (result.outcome === 'advanced') {
    const { team, id, lane } = row.value;
    await wakeJob(ports, lane, { team, job: id }, dueAtMs - now);
  }
  return result;
}
