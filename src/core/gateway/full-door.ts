import type { TeamConfig } from '../config/config-schema.ts';
import type { Endpoint, Lane } from '../jobs/job.ts';
import { censusFreshMs } from './census.ts';
import type { PlaceRate } from './door-promises.ts';
import type { Ports } from './ports.ts';

/** How far a forecast moves until its time has come, in virtual time under a standing backlog. */
export const forecastError = 0.02;
/** Where nobody can tell: nothing is turned on. */
const unknownHintMs = 60_000;
/** Who is told of a place and does not come for it, or asks again before his time, keeps the others away no longer than this. */
const longestHintMs = 3_600_000;
/** An ordinary answer, to ask the line with before the request itself is measured. */
const ordinary = { inputTokens: 0, promptCharacters: 0, outputTokens: 256, imposedOutputCap: null } as const;

/** Who wants a place where. */
export interface PlaceWanted {
  readonly team: TeamConfig;
  readonly lane: Lane;
  readonly model: string;
  readonly endpoint: Endpoint;
}

/** A depth cap that is reached. */
export interface FullDoor {
  readonly owner: 'lane' | 'team';
  readonly jobs: number;
  readonly places: number;
}

/** When a place comes free that no other caller was told of: who is refused is told so, who waits looks for it from then on. */
export interface PromisedPlace {
  readonly door: string;
  readonly atMs: number;
}

/** Jobs that are alike as far as anybody knows before they are measured. */
export function kindOf({ lane, model }: PlaceWanted): string {
  return `${lane}|${model}`;
}

/** The depth cap that keeps a caller out; null when there is a place. */
export function findFullDoor(ports: Ports, want: PlaceWanted): FullDoor | null {
  return doorsOf(ports, want).find(({ jobs, places }) => jobs >= places) ?? null;
}

/** A door whose free places are all promised to callers who come before the one that waits; null once its own time has come. */
export function findPromisedDoor(ports: Ports, want: PlaceWanted, own: PromisedPlace | null): FullDoor | null {
  const now = ports.clock.now();
  if (own === null || own.atMs <= now) return null;
  const isOthers = (full: FullDoor) => {
    const door = nameOf(want, full);
    return door === own.door && ports.census.promises.countBefore(door, now, own.atMs) >= full.places - full.jobs;
  };
  return doorsOf(ports, want).find(isOthers) ?? null;
}

function doorsOf(ports: Ports, { team, lane }: PlaceWanted): readonly FullDoor[] {
  const { maxQueuedJobs } = ports.config.current().limits;
  return [
    { owner: 'lane', jobs: ports.census.count(null, lane).jobs, places: maxQueuedJobs },
    { owner: 'team', jobs: ports.census.count(team.id, null).jobs, places: team.maxQueuedJobs },
  ];
}

function nameOf({ lane, team }: PlaceWanted, { owner }: FullDoor): string {
  return owner === 'lane' ? `lane|${lane}` : `team|${team.id}`;
}

/** Promises a place of a full door. */
export async function promisePlace(ports: Ports, want: PlaceWanted, full: FullDoor): Promise<PromisedPlace> {
  const { team, lane, model } = want;
  const door = nameOf(want, full);
  const asker = { team: team.id, kind: `${lane}|${model}` };
  const now = ports.clock.now();
  const inMs = await ports.census.promises.next(door, asker, now, () => readPlaceRate(ports, want, full));
  return { door, atMs: now + inMs };
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
