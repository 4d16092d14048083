/** Weight of the newest claim in the moving time. */
const weight = 0.2;
const leastMs = 15;
/** Bookings reach two seconds ahead: who asked for more time than they leave would never be booked again, nor learn better. */
const mostMs = 1000;

/** How long claims take in this process: a booking leaves time for one, or slow storage would make every send late. */
export class ClaimPace {
  #averageMs = 0;
  #newestMs = 0;

  note(claimMs: number): void {
    const bounded = Math.min(Math.max(claimMs, 0), mostMs);
    // One stray claim is what a send may be late by; it would put the next dozen bookings off. Two in a row are slow storage.
    const steadyMs = Math.min(bounded, this.#newestMs);
    this.#newestMs = bounded;
    // Slow storage counts at once, quick claims win its time back slowly.
    this.#averageMs = Math.max(steadyMs, this.#averageMs * (1 - weight) + steadyMs * weight);
  }

  /** Time to leave before a send: the claim's own and a fifth more. */
  get leadMs(): number {
    return Math.round(Math.min(mostMs, Math.max(leastMs, this.#averageMs * 1.2)));
  }
}
