import type { LineForecast } from '../capacity/capacity.ts';
import type { Job, JobStatus } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import type { Ports } from './ports.ts';

/** A job as its team sees it: `live` and `forecast` until it is terminal, null afterwards. */
export interface JobView {
  readonly job: Job;
  readonly live: LiveJob | null;
  readonly forecast: LineForecast | null;
}

/** Between two looks of a long poll; the first are short because most jobs are. */
const shortestLookMs = 150;
const longestLookMs = 1000;

/** Reads one job of the team; with `waitMs` returns early when the job ends, at the latest after the wait. Null: no such job. */
export async function readJob(ports: Ports, team: string, id: string, waitMs: number): Promise<JobView | null> {
  const untilMs = ports.clock.now() + waitMs;
  for (let looks = 0; ; looks += 1) {
    const view = await lookAtJob(ports, team, id);
    const leftMs = untilMs - ports.clock.now();
    if (view === null || view.job.end !== null || leftMs <= 0 || ports.drain.isDraining) return view;
    await waitForEnd(ports, id, Math.min(leftMs, longestLookMs, shortestLookMs * 1.5 ** looks));
  }
}

async function lookAtJob(ports: Ports, team: string, id: string): Promise<JobView | null> {
  const [job, row] = await Promise.all([ports.jobs.readJob(team, id), ports.jobs.readLive(team, id)]);
  if (job === null || job.end !== null) return job === null ? null : { job, live: null, forecast: null };
  if (row === null) {
    // The two reads straddled the commit: the end is there now.
    const ended = await ports.jobs.readJob(team, id);
    return ended === null ? null : { job: ended, live: null, forecast: null };
  }
  return { job, live: row.value, forecast: await forecastStart(ports, job, row.value) };
}

/** Where a queued job stands in line; null once it runs, or when its line cannot be read now. */
export async function forecastStart(ports: Ports, job: Job, live: LiveJob): Promise<LineForecast | null> {
  if (live.state === 'running') return null;
  const { team, model, lane, estimate, createdAtMs } = job;
  return ports.capacity.forecast({ jobId: job.id, team, model, lane, estimate, createdAtMs, ticket: live.ticket });
}

async function waitForEnd(ports: Ports, id: string, durationMs: number): Promise<void> {
  const awake = new AbortController();
  const wake = () => awake.abort();
  const stopListening = ports.signals.listen(id, wake);
  ports.drain.waits.addEventListener('abort', wake, { once: true });
  await ports.clock.sleep(durationMs, awake.signal);
  ports.drain.waits.removeEventListener('abort', wake);
  stopListening();
}

export interface JobListQuery {
  readonly status: JobStatus | null;
  readonly limit: number;
  readonly after: string | null;
}

/** The team's jobs, newest first, each with its live row while it has one. */
export async function listJobs(
  ports: Ports,
  team: string,
  query: JobListQuery,
): Promise<{ readonly views: readonly JobView[]; readonly hasMore: boolean }> {
  const page = await ports.jobs.listJobs(team, query);
  const views = await Promise.all(
    page.items.map(async (job): Promise<JobView> => {
      if (job.end !== null) return { job, live: null, forecast: null };
      const row = await ports.jobs.readLive(team, job.id);
      if (row !== null) return { job, live: row.value, forecast: await forecastStart(ports, job, row.value) };
      return { job: (await ports.jobs.readJob(team, job.id)) ?? job, live: null, forecast: null };
    }),
  );
  return { views, hasMore: page.next !== null };
}
