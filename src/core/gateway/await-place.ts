import type { TeamConfig } from '../config/config-schema.ts';
import { WeirError } from '../http/weir-error.ts';
import type { JobDraft } from '../jobs/job.ts';
import type { Ports } from './ports.ts';

/** Between two looks of a caller that waits for a place in a full queue. */
const lookEveryMs = 500;
/** Least and longest hint when a queue is full: it is the time until the next job of the lane is expected to start. */
const shortestHintMs = 1000;
const longestHintMs = 60_000;

/**
 * Backpressure at the door: refuses with `queue_full` when the lane or the team holds as many jobs as it may, or when the
 * job would start past its deadline. A caller may wait up to `waitMs` for a place.
 */
export async function awaitPlace(ports: Ports, team: TeamConfig, job: JobDraft, waitMs: number): Promise<void> {
  const untilMs = ports.clock.now() + waitMs;
  for (;;) {
    const refusal = await findRefusal(ports, team, job);
    if (refusal === null) return;
    const leftMs = untilMs - ports.clock.now();
    if (leftMs <= 0 || ports.drain.isDraining) throw refusal;
    await ports.clock.sleep(Math.min(lookEveryMs, leftMs), ports.drain.waits);
  }
}

async function findRefusal(ports: Ports, team: TeamConfig, job: JobDraft): Promise<WeirError | null> {
  const { maxQueuedJobs } = ports.config.current().limits;
  const census = await ports.census.view();
  const inTeam = census.count(team.id, null).jobs;
  const inLane = census.count(null, job.lane).jobs;
  const forecast = await ports.capacity.forecast({
    jobId: job.id,
    team: job.team,
    model: job.model,
    lane: job.lane,
    estimate: job.estimate,
    createdAtMs: job.createdAtMs,
    ticket: null,
  });
  const now = ports.clock.now();
  const aheadMs = forecast === null ? longestHintMs : (forecast.startAtMs - now) / Math.max(1, forecast.position);
  const hintMs = Math.min(longestHintMs, Math.max(shortestHintMs, aheadMs));
  if (inLane >= maxQueuedJobs) {
    return full(`The lane ${job.lane} holds ${inLane} jobs; ${maxQueuedJobs} are allowed.`, hintMs);
  }
  if (inTeam >= team.maxQueuedJobs) {
    return full(`Your team has ${inTeam} jobs under way; ${team.maxQueuedJobs} are allowed.`, hintMs);
  }
  if (forecast !== null && forecast.startAtMs > job.deadlineAtMs) {
    const lateSeconds = Math.ceil((forecast.startAtMs - job.deadlineAtMs) / 1000);
    const retryAfterMs = Math.max(shortestHintMs, forecast.startAtMs - job.deadlineAtMs);
    return full(`The job would start about ${lateSeconds} s after its deadline. Allow more time, or`, retryAfterMs);
  }
  return null;
}

function full(what: string, retryAfterMs: number): WeirError {
  const advice = what.endsWith('or')
    ? 'come back later.'
    : 'Come back later, or wait for a place with Prefer: wait=30.';
  return new WeirError('queue_full', `${what} ${advice}`, { retryAfterMs });
}
