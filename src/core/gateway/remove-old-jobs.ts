import type { Job } from '../jobs/job.ts';
import { oldestJobIdAfter } from '../jobs/job-id.ts';
import { forEachAtOnce } from './at-once.ts';
import { mendJob } from './mend-job.ts';
import type { Ports } from './ports.ts';
import type { Walk } from './walk.ts';

const jobsAPage = 100;
/** A job takes a listing of its blobs, their deletions and a transaction: one after the other some 40 ms. */
const jobsAtOnce = 8;
const hourMs = 3_600_000;

/** Removes the jobs of a team that ended before the configured hours, content and key first, a page at each step. */
export async function* removeOldJobs(ports: Ports, team: string, tally: { jobs: number; mendedJobs: number }): Walk {
  const endedBeforeMs = ports.clock.now() - ports.config.current().retention.contentHours * hourMs;
  const mend = async (id: string) => {
    if ((await mendJob(ports, team, id)) === 'mended') tally.mendedJobs += 1;
  };
  // Ids fall as time rises: behind this one are the older jobs.
  for (let after: string | null = oldestJobIdAfter(endedBeforeMs); after !== null; ) {
    const page: Awaited<ReturnType<typeof ports.jobs.listJobs>> = await ports.jobs.listJobs(team, {
      status: null,
      limit: jobsAPage,
      after,
    });
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
    after = page.next;
    if (after !== null) yield;
  }
}
