/** Weight of the newest claim in the moving time. */
const weight = 0.2;
const leastMs = 15;
/** Bookings reach two seconds ahead: who asked for more time than they leave would never be booked again, nor learn better. */
const mostMs = 1000;

/** How long claims take in this process: a booking leaves time for one, or slow storage would make every send late. */
export class ClaimPace {
  #averageMs = 0;

  note(claimMs: number): void {
    const bounded = Math.min(Math.max(claimMs, 0), mostMs);
    // A slow claim counts at once, quick ones win its time back slowly.
    this.#averageMs = Math.max(bounded, this.#averageMs * (1 - weight) + bounded * weight);
  }

  /** Time to leave before a send: the claim's own and a fifth more. */
  get leadMs(): number {
    return Math.round(Math.min(mostMs, Math.max(leastMs, this.#averageMs * 1.2)));
  }
}
