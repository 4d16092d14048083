/** What one refusal tells: when the next place comes free, and how fast they do. */
export interface PlaceRate {
  /** Until the first place that nobody was promised. */
  readonly firstMs: number;
  /** From one place to the next. */
  readonly stepMs: number;
  /** When all places are free at the latest. */
  readonly mostMs: number;
}

/**
 * The times at which callers were told to come back to one full door. A thousand callers that are all told "in a second" come
 * back to one place: each is told the next one, so that the hint is true for all of them.
 */
export class DoorPromises {
  readonly #lastAtMs = new Map<string, number>();

  /** How long the next refused caller of a door is to stay away; never longer than until everything has gone. */
  next(door: string, rate: PlaceRate, nowMs: number): number {
    const first = nowMs + rate.firstMs;
    const behindLast = (this.#lastAtMs.get(door) ?? 0) + rate.stepMs;
    const atMs = Math.min(Math.max(first, behindLast), nowMs + Math.max(rate.firstMs, rate.mostMs));
    this.#lastAtMs.set(door, atMs);
    return atMs - nowMs;
  }
}
