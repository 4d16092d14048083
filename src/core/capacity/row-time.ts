/**
 * One time for everyone who books: the store's own, as far as its answers tell it. Each write's answer says when the store made
 * it, which was between sending and receiving; this process's offset is moved just far enough to agree with that. The error is
 * at most a round trip, whatever the process's own clock says, so clocks seconds apart still share one ring honestly.
 */
export class RowTime {
  #offsetMs = 0;

  /** The store's time for a moment of the process's clock. */
  toRow(clockMs: number): number {
    return clockMs + this.#offsetMs;
  }

  /** The process's clock for a moment of the store's time. */
  toClock(rowMs: number): number {
    return rowMs - this.#offsetMs;
  }

  /** Learns from a write that was sent and answered at moments of the process's clock. */
  learn(storeTimeMs: number | null, sentMs: number, answeredMs: number): void {
    if (storeTimeMs === null || answeredMs < sentMs) return;
    const least = storeTimeMs - answeredMs;
    const most = storeTimeMs - sentMs;
    this.#offsetMs = Math.min(most, Math.max(least, this.#offsetMs));
  }

  /** How far the process's clock is from the store's. */
  get offsetMs(): number {
    return this.#offsetMs;
  }
}
