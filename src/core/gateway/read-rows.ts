import { budgetPeriodAt } from '../budgets/budget-period.ts';
import { WeirError } from '../http/weir-error.ts';
import type { Job } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { rebuildJob } from '../jobs/rebuild-job.ts';
import { DamagedRowError, type Versioned } from '../versioned.ts';
import { mendJob } from './mend-job.ts';
import type { Ports } from './ports.ts';

/** Both rows of a job, fitting together: open with its live row, ended without, or neither. */
export interface JobRows {
  readonly job: Job | null;
  readonly row: Versioned<LiveJob> | null;
}

/** Each look may come between two others' writes; so many in a row do not. */
const maxLooks = 5;

/**
 * Reads both rows of a job. What does not fit together was read while it changed, or was deleted or damaged by hand: then it is
 * mended on the way. A job that its worker still holds without a row of its own is told from its live row.
 */
export async function readRows(ports: Ports, team: string, id: string): Promise<JobRows> {
  for (let looks = 0; looks < maxLooks; looks += 1) {
    const rows = await readUnlessDamaged(ports, team, id);
    if (rows !== null && isSound(rows)) return rows;
    if ((await mendJob(ports, team, id)) !== 'waits') continue;
    const found = await ports.repairs.findLive(team, id);
    if (found.kind === 'read') return { job: describeHeld(found.value), row: found };
  }
  throw new WeirError(
    'internal_error',
    'The job cannot be read: its rows do not fit together. Name the job when you ask.',
  );
}

function isSound({ job, row }: JobRows): boolean {
  return job !== null && job.end === null ? row !== null : row === null;
}

async function readUnlessDamaged(ports: Ports, team: string, id: string): Promise<JobRows | null> {
  try {
    const [job, row] = await Promise.all([ports.jobs.readJob(team, id), ports.jobs.readLive(team, id)]);
    return { job, row };
  } catch (error) {
    if (error instanceof DamagedRowError) return null;
    throw error;
  }
}

function describeHeld(live: LiveJob): Job {
  const { team, id, createdAtMs } = live;
  return rebuildJob({ team, id }, live, { createdAtMs, budgetPeriod: budgetPeriodAt(createdAtMs, 'Etc/UTC') });
}
