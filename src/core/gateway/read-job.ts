import type { LaneCensus, LineForecast } from '../capacity/capacity.ts';
import type { JobView } from '../http/job-resource.ts';
import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Job } from '../jobs/job.ts';
import type { JobQuery } from '../jobs/job-store.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import type { Ports } from './ports.ts';
import { readRows } from './read-rows.ts';
import { jobOfRun } from './run-again.ts';
import { isSleeper } from './wake-sleepers.ts';

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
  const { job, row } = await readRows(ports, team, id);
  if (job === null) return null;
  if (row === null) return viewEnded(ports, job);
  // Deleted while it runs: it is gone for its callers, its worker erases it as soon as it has ended.
  return row.value.eraseRequested ? null : viewLive(ports, job, row.value);
}

/** A job that has ended, with the text of its answer; content that is gone is told as none. */
export async function viewEnded(ports: Ports, job: Job): Promise<JobView> {
  const body = job.end?.response?.body;
  const reading = body === undefined ? null : await ports.contents.read(body);
  return { job, live: null, forecast: null, responseText: reading?.outcome === 'read' ? reading.text : null };
}

function viewListed(job: Job): JobView {
  const body = job.end?.response?.body;
  return { job, live: null, forecast: null, responseText: body?.kind === 'inline' ? body.text : null };
}

/** A job that has not ended, with its place in line. */
export async function viewLive(ports: Ports, job: Job, live: LiveJob): Promise<JobView> {
  return { job, live, forecast: await forecastStart(ports, job, live), responseText: null };
}

/** Where a queued job stands in line; null once it runs, or when its line cannot be read now. */
async function forecastStart(ports: Ports, job: Job, live: LiveJob): Promise<LineForecast | null> {
  if (live.state === 'running') return null;
  const { team, model, lane, estimate, createdAtMs } = jobOfRun(job, live);
  const { ticket } = live;
  const census = ticket === null ? await countLane(ports, job) : {};
  const ask = { jobId: job.id, team, model, lane, estimate, createdAtMs, ticket, ...census };
  const forecast = await ports.capacity.forecast(ask);
  // A job in back-off does not start before it is due, however short its line; one that sleeps on an estimate is woken when its turn comes nearer.
  if (forecast === null || forecast.startAtMs === null || isSleeper(live, ports.clock.now())) return forecast;
  return { ...forecast, startAtMs: Math.max(forecast.startAtMs, live.dueAtMs) };
}

/** Who waits beside a job without a ticket; a count that cannot be had costs nobody his answer. */
async function countLane(ports: Ports, job: Job): Promise<{ readonly census?: LaneCensus }> {
  try {
    await ports.census.view();
    return { census: ports.census.countFor(job) };
  } catch (error) {
    if (error instanceof StorageUnavailableError) return {};
    throw error;
  }
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

/** The team's jobs, newest first; `next` is what to ask `after`, even where a page shows less than was read. Answers that are kept as blobs are left out: a page of them may be gigabytes. */
export async function listJobs(
  ports: Ports,
  team: string,
  query: JobQuery,
): Promise<{ readonly views: readonly JobView[]; readonly next: string | null }> {
  const page = await ports.jobs.listJobs(team, query);
  const views = await Promise.all(
    page.items.map(async (job) => (job.end === null ? lookAtJob(ports, team, job.id) : viewListed(job))),
  );
  return { views: views.filter((view) => view !== null), next: page.next };
}
