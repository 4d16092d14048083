import type { Estimate } from '../tokens/estimate.ts';

const rateFreshMs = 500;
/** `Retry-After` is in whole seconds: who was told a time comes up to a second after it, and takes a moment to come. */
const lateByMs = 2000;

/** What one refusal tells: when the next place comes free, and how fast they do. */
export interface PlaceRate {
  /** Until the first place that nobody was promised. */
  readonly firstMs: number;
  /** From one place to the next. */
  readonly stepMs: number;
  /** Nobody is told to stay away for longer. */
  readonly mostMs: number;
}

/**
 * The times at which callers were told to come back to one full door. A thousand callers that are all told "in a second" come
 * back to one place: each is told the next one, so that the hint is true for all of them.
 */
export class DoorPromises {
  /** By door and team: who asks on and on moves no other team's time. */
  readonly #lastAtMs = new Map<string, Map<string, number>>();
  /** By door: the times of all promises that somebody may still come for, ascending. */
  readonly #timesMs = new Map<string, number[]>();
  readonly #estimates = new Map<string, Estimate>();
  readonly #rates = new Map<string, { readonly atMs: number; readonly rate: Promise<PlaceRate> }>();

  /**
   * How long the next refused caller of a door is to stay away: until the place after the one that its team was promised last; teams
   * that have such promises share the places. `readRate` is asked at most every half second for the same asker.
   */
  async next(
    door: string,
    { team, kind }: { readonly team: string; readonly kind: string },
    nowMs: number,
    readRate: () => Promise<PlaceRate>,
  ): Promise<number> {
    const rate = await this.#rateOf(`${door}|${team}|${kind}`, nowMs, readRate);
    const promised = this.#lastAtMs.get(door) ?? new Map<string, number>();
    for (const [other, lastAtMs] of promised) if (lastAtMs <= nowMs) promised.delete(other);
    const sharing = new Set([...promised.keys(), team]).size;
    const first = nowMs + rate.firstMs;
    const behindLast = (promised.get(team) ?? 0) + rate.stepMs * sharing;
    const atMs = Math.min(Math.max(first, behindLast), nowMs + Math.max(rate.firstMs, rate.mostMs));
    this.#lastAtMs.set(door, promised.set(team, atMs));
    const times = this.#timesMs.get(door) ?? [];
    times.splice(0, countUpTo(times, nowMs - lateByMs));
    times.splice(countUpTo(times, atMs), 0, atMs);
    this.#timesMs.set(door, times);
    return atMs - nowMs;
  }

  /** How many callers of a door were told a time before `atMs` and may still come for their place. */
  countBefore(door: string, nowMs: number, atMs: number): number {
    const times = this.#timesMs.get(door) ?? [];
    return Math.max(0, countUpTo(times, atMs - 1) - countUpTo(times, nowMs - lateByMs));
  }

  /** A caller who waited has come in: nobody comes for the place that it was promised. */
  redeem(door: string, atMs: number): void {
    const times = this.#timesMs.get(door) ?? [];
    const index = times.indexOf(atMs);
    if (index >= 0) times.splice(index, 1);
  }

  /** Keeps what the newest job of a kind was estimated to take: a line that nobody has stood in yet tells no mean. */
  learn(kind: string, estimate: Estimate): void {
    this.#estimates.set(kind, estimate);
  }

  /** The newest job's estimate; undefined where this process has let none in. */
  lastOf(kind: string): Estimate | undefined {
    return this.#estimates.get(kind);
  }

  #rateOf(asker: string, nowMs: number, readRate: () => Promise<PlaceRate>): Promise<PlaceRate> {
    const known = this.#rates.get(asker);
    if (known !== undefined && nowMs >= known.atMs && nowMs - known.atMs < rateFreshMs) return known.rate;
    const reading = { atMs: nowMs, rate: readRate() };
    this.#rates.set(asker, reading);
    // What failed is read again by whoever is refused next.
    reading.rate.catch(() => {
      if (this.#rates.get(asker) === reading) this.#rates.delete(asker);
    });
    return reading.rate;
  }
}

/** How many of ascending times are at or before a moment. */
function countUpTo(times: readonly number[], atMs: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((times[middle] ?? Number.POSITIVE_INFINITY) <= atMs) low = middle + 1;
    else high = middle;
  }
  return low;
}
