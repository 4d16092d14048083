import type { Clock } from '../clock.ts';

/** What calls that were cut have for booking themselves and handing their jobs back. */
const writeMs = 1500;

/**
 * Termination as the use cases see it: once asked for, nothing new is claimed, waits end at once, and calls in flight
 * have the grace time before they are cut.
 */
export class Drain {
  readonly #waits = new AbortController();
  readonly #calls = new AbortController();
  #inFlight = 0;
  #whenIdle: (() => void) | null = null;

  get isDraining(): boolean {
    return this.#waits.signal.aborted;
  }

  /** Aborts when termination is asked for: for waits that cost nothing to give up. */
  get waits(): AbortSignal {
    return this.#waits.signal;
  }

  /** Aborts when the grace time is over: for calls in flight. */
  get calls(): AbortSignal {
    return this.#calls.signal;
  }

  /** Runs work that termination waits for. */
  async track<T>(work: () => Promise<T>): Promise<T> {
    this.#inFlight += 1;
    try {
      return await work();
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#whenIdle?.();
    }
  }

  /** Asks for termination; resolves when nothing is in flight, or at most `writeMs` after the grace time when calls had to be cut. */
  async begin(clock: Clock, graceMs: number): Promise<void> {
    this.#waits.abort();
    await this.#idleWithin(clock, graceMs);
    this.#calls.abort();
    await this.#idleWithin(clock, writeMs);
  }

  async #idleWithin(clock: Clock, limitMs: number): Promise<void> {
    if (this.#inFlight === 0) return;
    const idle = new Promise<void>((resolve) => {
      this.#whenIdle = resolve;
    });
    await Promise.race([idle, clock.sleep(limitMs)]);
  }
}
