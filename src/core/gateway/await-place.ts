import type { TeamConfig } from '../config/config-schema.ts';
import { WeirError } from '../http/weir-error.ts';
import type { JobDraft } from '../jobs/job.ts';
import type { Admission } from './census.ts';
import {
  type FullDoor,
  findFullDoor,
  findPromisedDoor,
  forecastError,
  kindOf,
  type PlaceWanted,
  type PromisedPlace,
  promisePlace,
} from './full-door.ts';
import type { Ports } from './ports.ts';

/** Between two looks of a caller that waits for a place in a full queue. */
const lookEveryMs = 500;
const shortestHintMs = 1000;

/** Refuses at once when the queue is full and the caller does not wait, before anything is counted or stored. */
export async function refuseIfFull(ports: Ports, want: PlaceWanted): Promise<void> {
  await ports.census.view();
  const full = findFullDoor(ports, want);
  if (full !== null) throw queueFull(want, full, await promisePlace(ports, want, full), ports.clock.now());
}

/**
 * Backpressure at the door: takes a place, or refuses with `queue_full` when the lane or the team holds as many jobs as it may, or
 * when the job would start past its deadline. A caller may wait up to `waitMs` for a place: it is promised one as if it were refused,
 * and takes none before that whose time others were told.
 */
export async function awaitPlace(ports: Ports, team: TeamConfig, job: JobDraft, waitMs: number): Promise<Admission> {
  const { lane, model, endpoint } = job;
  const want = { team, lane, model, endpoint };
  const untilMs = ports.clock.now() + waitMs;
  const { promises } = ports.census;
  let promised: PromisedPlace | null = null;
  for (;;) {
    await ports.census.view();
    const full = findFullDoor(ports, want) ?? findPromisedDoor(ports, want, promised);
    // Taken with nothing in between: of many callers at once each must see the ones before it.
    const place = full === null ? ports.census.admit(job.id, { team: team.id, model, lane }) : null;
    if (place !== null) promises.learn(kindOf(want), job.estimate);
    const late = place === null ? null : await findLateness(ports, job, place);
    if (place !== null && late === null) {
      if (promised !== null) promises.redeem(promised.door, promised.atMs);
      return place;
    }
    const now = ports.clock.now();
    const isOver = now >= untilMs || ports.drain.isDraining;
    if (full !== null && (promised === null || (isOver && promised.atMs <= now)))
      promised = await promisePlace(ports, want, full);
    if (isOver) throw full === null || promised === null ? late : queueFull(want, full, promised, now);
    await ports.clock.sleep(Math.min(lookEveryMs, untilMs - now), ports.drain.waits);
  }
}

/** A job that would start past its deadline gives its place back, and hears when the line is short enough for it. */
async function findLateness(ports: Ports, job: JobDraft, place: Admission): Promise<WeirError | null> {
  const { id: jobId, team, model, lane, estimate, createdAtMs, deadlineAtMs } = job;
  const census = ports.census.countFor(job);
  const ask = { jobId, team, model, lane, estimate, createdAtMs, ticket: null, census };
  const forecast = await ports.capacity.forecast(ask).catch((error: unknown) => {
    place.withdraw();
    throw error;
  });
  // What is turned off is not late: the job waits until somebody turns it on, or until its deadline.
  const startAtMs = forecast?.startAtMs ?? null;
  if (startAtMs === null || startAtMs <= deadlineAtMs) return null;
  place.withdraw();
  const lateMs = startAtMs - deadlineAtMs;
  const marginMs = Math.max(shortestHintMs, forecastError * (startAtMs - ports.clock.now()));
  const message =
    `The job would start about ${Math.ceil(lateMs / 1000)} s after its deadline. ` +
    'Allow more time with deadline_seconds, or come back later.';
  return new WeirError('queue_full', message, { retryAfterMs: lateMs + marginMs });
}

function queueFull(
  { lane }: PlaceWanted,
  { owner, jobs, places }: FullDoor,
  promised: PromisedPlace,
  now: number,
): WeirError {
  const what =
    owner === 'lane'
      ? `The lane ${lane} holds ${jobs} jobs; ${places} are allowed.`
      : `Your team has ${jobs} jobs under way; ${places} are allowed.`;
  const others = jobs < places ? ' What is free is for callers who were told to come back before you.' : '';
  const retryAfterMs = Math.max(shortestHintMs, promised.atMs - now);
  return new WeirError('queue_full', `${what}${others} Come back later, or wait for a place with Prefer: wait=30.`, {
    retryAfterMs,
  });
}
