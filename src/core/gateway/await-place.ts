import type { TeamConfig } from '../config/config-schema.ts';
import { WeirError } from '../http/weir-error.ts';
import type { Endpoint, JobDraft, Lane } from '../jobs/job.ts';
import { type Admission, censusFreshMs } from './census.ts';
import type { PlaceRate } from './door-promises.ts';
import type { Ports } from './ports.ts';

/** Between two looks of a caller that waits for a place in a full queue. */
const lookEveryMs = 500;
const shortestHintMs = 1000;
/** How far a forecast moves until its time has come, in virtual time under a standing backlog. */
const forecastError = 0.02;
/** Where nobody can tell: nothing is turned on. */
const unknownHintMs = 60_000;
/** Who is told of a place and does not come for it, or asks again before his time, keeps the others away no longer than this. */
const longestHintMs = 3_600_000;
/** An ordinary answer, to ask the line with before the request itself is measured. */
const ordinary = { inputTokens: 0, promptCharacters: 0, outputTokens: 256, imposedOutputCap: null } as const;

/** Who wants a place where. */
interface PlaceWanted {
  readonly team: TeamConfig;
  readonly lane: Lane;
  readonly model: string;
  readonly endpoint: Endpoint;
}

/** A depth cap that is reached. */
interface FullDoor {
  readonly owner: 'lane' | 'team';
  readonly jobs: number;
  readonly places: number;
}

/** Refuses at once when the queue is full and the caller does not wait, before anything is counted or stored. */
export async function refuseIfFull(ports: Ports, want: PlaceWanted): Promise<void> {
  await ports.census.view();
  const full = findFullDoor(ports, want);
  if (full !== null) throw await queueFull(ports, want, full);
}

/**
 * Backpressure at the door: takes a place, or refuses with `queue_full` when the lane or the team holds as many jobs as it may, or
 * when the job would start past its deadline. A caller may wait up to `waitMs` for a place.
 */
export async function awaitPlace(ports: Ports, team: TeamConfig, job: JobDraft, waitMs: number): Promise<Admission> {
  const { lane, model, endpoint } = job;
  const want = { team, lane, model, endpoint };
  const untilMs = ports.clock.now() + waitMs;
  for (;;) {
    await ports.census.view();
    const full = findFullDoor(ports, want);
    // Taken with nothing in between: of many callers at once each must see the ones before it.
    const place = full === null ? ports.census.admit(job.id, team.id, lane) : null;
    if (place !== null) ports.census.promises.learn(kindOf(want), job.estimate);
    const late = place === null ? null : await findLateness(ports, job, place);
    if (place !== null && late === null) return place;
    const leftMs = untilMs - ports.clock.now();
    if (leftMs <= 0 || ports.drain.isDraining) throw full === null ? late : await queueFull(ports, want, full);
    await ports.clock.sleep(Math.min(lookEveryMs, leftMs), ports.drain.waits);
  }
}

/** Jobs that are alike as far as anybody knows before they are measured. */
function kindOf({ lane, model }: PlaceWanted): string {
  return `${lane}|${model}`;
}

function findFullDoor(ports: Ports, { team, lane }: PlaceWanted): FullDoor | null {
  const { maxQueuedJobs } = ports.config.current().limits;
  const inLane = ports.census.count(null, lane).jobs;
  if (inLane >= maxQueuedJobs) return { owner: 'lane', jobs: inLane, places: maxQueuedJobs };
  const inTeam = ports.census.count(team.id, null).jobs;
  return inTeam >= team.maxQueuedJobs ? { owner: 'team', jobs: inTeam, places: team.maxQueuedJobs } : null;
}

/** A job that would start past its deadline gives its place back, and hears when the line is short enough for it. */
async function findLateness(ports: Ports, job: JobDraft, place: Admission): Promise<WeirError | null> {
  const { id: jobId, team, model, lane, estimate, createdAtMs, deadlineAtMs } = job;
  const ask = { jobId, team, model, lane, estimate, createdAtMs, ticket: null };
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

async function queueFull(ports: Ports, want: PlaceWanted, full: FullDoor): Promise<WeirError> {
  const { owner, jobs, places } = full;
  const what =
    owner === 'lane'
      ? `The lane ${want.lane} holds ${jobs} jobs; ${places} are allowed.`
      : `Your team has ${jobs} jobs under way; ${places} are allowed.`;
  const retryAfterMs = Math.max(shortestHintMs, await promisePlace(ports, want, full));
  return new WeirError('queue_full', `${what} Come back later, or wait for a place with Prefer: wait=30.`, {
    retryAfterMs,
  });
}

/** When a place comes free that no other caller was told of. */
function promisePlace(ports: Ports, want: PlaceWanted, full: FullDoor): Promise<number> {
  const { team, lane, model } = want;
  const door = full.owner === 'lane' ? `lane|${lane}` : `team|${team.id}`;
  const asker = { team: team.id, kind: `${lane}|${model}` };
  return ports.census.promises.next(door, asker, ports.clock.now(), () => readPlaceRate(ports, want, full));
}

/** Jobs leave as fast as the line moves, a call's time after their turn; the census sees it a little later. */
async function readPlaceRate(ports: Ports, want: PlaceWanted, full: FullDoor): Promise<PlaceRate> {
  const { team, lane, model, endpoint } = want;
  const now = ports.clock.now();
  const line = { jobId: '', team: team.id, model, lane, createdAtMs: now, ticket: null };
  const [forecast, callMs] = await Promise.all([
    ports.capacity.forecast({ ...line, estimate: ports.census.promises.lastOf(kindOf(want)) ?? ordinary }),
    ports.answers.readCallMs(team.id, { model, endpoint }),
  ]);
  if (forecast === null || forecast.startAtMs === null)
    return { firstMs: unknownHintMs, stepMs: 0, mostMs: unknownHintMs };
  const inLane = Math.max(1, ports.census.count(team.id, lane).jobs);
  const ofTeam = full.owner === 'team' ? Math.max(0, forecast.startAtMs - now) / inLane : 0;
  const { processes = 1 } = forecast;
  const placeMs = (1 + forecastError) * Math.max(forecast.msPerJob ?? 0, ofTeam);
  const seenAfterMs = callMs + censusFreshMs;
  // What others have let in since jobs were counted: as much as this process has, as far as it knows.
  const unseen = (processes - 1) * ports.census.countUnseen(full.owner === 'team' ? team.id : null, lane);
  const excess = full.jobs + unseen - full.places + 1;
  return { firstMs: placeMs * excess + seenAfterMs, stepMs: placeMs * processes, mostMs: longestHintMs };
}
