/** A storage call of one process; `jobs` are those whose rows it changed, null for the shared rows of a pool. */
export interface Trip {
  readonly startMs: number;
  readonly endMs: number;
  readonly jobs: readonly string[] | null;
}

/** A place that a job was given: when the answer came, and how long before its send time a claim may begin. */
export interface Place {
  readonly job: string;
  readonly bookedMs: number;
  readonly sendAtMs: number;
  readonly claimMs: number;
}

/** What one process did on the way between calls. */
export class WayLog {
  readonly trips: Trip[] = [];
  readonly places: Place[] = [];
  /** Jobs that were put to sleep, and when. */
  readonly parks: { readonly job: string; readonly atMs: number }[] = [];
}

/** Where the time went between a failed call and the same job's next one, in ms; the parts are all of it. */
export interface Way {
  readonly allMs: number;
  /** Storage calls that the job waited for. */
  readonly storageMs: number;
  readonly storageTrips: number;
  /** What the booking left for the claim beyond what the claim took. */
  readonly claimMs: number;
  /** The rest: the pump's other work, what a commit is given ahead, a slot of the limiter. */
  readonly ledgerMs: number;
}

/** Null when the job was parked in between: then a decision kept it, not the way. */
export function measureWay(logs: readonly WayLog[], job: string, fromMs: number, toMs: number): Way | null {
  const isBetween = (atMs: number) => atMs >= fromMs && atMs <= toMs;
  if (logs.some(({ parks }) => parks.some((park) => park.job === job && isBetween(park.atMs)))) return null;
  for (const { trips, places } of logs) {
    const place = places.findLast((each) => each.job === job && isBetween(each.bookedMs));
    if (place === undefined) continue;
    const near = trips.filter(({ startMs, endMs }) => endMs > fromMs && startMs < toMs);
    const booking = near.filter(({ jobs, startMs }) => jobs === null && startMs < place.bookedMs);
    const claiming = near.filter(({ jobs, startMs }) => jobs?.includes(job) === true && startMs >= place.bookedMs);
    const claimTookMs = coveredMs(claiming, place.bookedMs, toMs);
    const storageMs = coveredMs(booking, fromMs, place.bookedMs) + claimTookMs;
    const allowedMs = Math.min(place.claimMs, Math.max(0, place.sendAtMs - place.bookedMs));
    const claimMs = Math.max(0, allowedMs - claimTookMs);
    const allMs = toMs - fromMs;
    const ledgerMs = Math.max(0, allMs - storageMs - claimMs);
    return { allMs, storageMs, storageTrips: booking.length + claiming.length, claimMs, ledgerMs };
  }
  throw new Error(`Job ${job} was sent without a place.`);
}

/** Milliseconds of a stretch in which at least one of the trips was under way. */
function coveredMs(trips: readonly Trip[], fromMs: number, toMs: number): number {
  let covered = 0;
  let reachedMs = fromMs;
  for (const { startMs, endMs } of trips.toSorted((left, right) => left.startMs - right.startMs)) {
    const untilMs = Math.min(endMs, toMs);
    covered += Math.max(0, untilMs - Math.max(startMs, reachedMs));
    reachedMs = Math.max(reachedMs, untilMs);
  }
  return covered;
}
