import type { Job } from '../jobs/job.ts';
import { oldestJobIdAfter } from '../jobs/job-id.ts';
import { forEachAtOnce } from './at-once.ts';
import { mendJob } from './mend-job.ts';
import type { Ports } from './ports.ts';

/** How far the removal of one team's old jobs has come. */
export interface OldJobs {
  readonly team: string;
  readonly endedBeforeMs: number;
  /** Jobs behind this id are still to be looked at: ids fall as time rises, so these are the older ones. */
  readonly after: string;
}

const jobsAPage = 100;
/** A job takes a listing of its blobs, their deletions and a transaction: one after the other some 40 ms. */
const jobsAtOnce = 8;

/** Before the first page. */
export function startOldJobs(team: string, endedBeforeMs: number): OldJobs {
  return { team, endedBeforeMs, after: oldestJobIdAfter(endedBeforeMs) };
}

/** Removes the jobs of the next page that ended in time, content and key first; null when there is no further page. */
export async function removeOldJobs(
  ports: Ports,
  { team, endedBeforeMs, after }: OldJobs,
  tally: { jobs: number; mendedJobs: number },
): Promise<OldJobs | null> {
  const page = await ports.jobs.listJobs(team, { status: null, limit: jobsAPage, after });
  const mend = async (id: string) => {
    if ((await mendJob(ports, team, id)) === 'mended') tally.mendedJobs += 1;
  };
  // Mended, such a job has ended now: its content goes with it when its time is over.
  await forEachAtOnce(page.damaged, jobsAtOnce, mend);
  await forEachAtOnce(page.items, jobsAtOnce, async (job: Job) => {
    if (ports.drain.isDraining) return;
    if (job.end === null) await mend(job.id);
    if (job.end === null || job.end.finishedAtMs > endedBeforeMs) return;
    await ports.contents.erase(team, job.id);
    await ports.jobs.removeJob(job);
    tally.jobs += 1;
  });
  return page.next === null ? null : { team, endedBeforeMs, after: page.next };
}
