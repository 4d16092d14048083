import type { Clock } from '../../src/core/clock.ts';

interface Waiter {
  readonly atMs: number;
  readonly order: number;
  readonly wake: () => void;
}

/** Time that moves only when a test says so. Waiters wake in the order of their times, equal ones in the order of their calls. */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  #waiters: Waiter[] = [];

  constructor(startMs = Date.UTC(2026, 10, 2, 12)) {
    this.#nowMs = startMs;
  }

  now(): number {
    return this.#nowMs;
  }

  /** Number of sleeps under way. */
  get sleeping(): number {
    return this.#waiters.length;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (!(durationMs > 0) || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.#order += 1;
      const waiter: Waiter = { atMs: this.#nowMs + durationMs, order: this.#order, wake };
      this.#waiters.push(waiter);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** Moves time on, stopping at each waiter on the way and letting what it starts run until it waits again. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.#nowMs + durationMs;
    await settle();
    for (let next = this.#first(); next !== undefined && next.atMs <= untilMs; next = this.#first()) {
      this.#nowMs = Math.max(this.#nowMs, next.atMs);
      next.wake();
      await settle();
    }
    this.#nowMs = untilMs;
  }

  /** Moves time on to the next waiter and wakes it; false when nobody waits. */
  async advanceToNext(): Promise<boolean> {
    await settle();
    const next = this.#first();
    if (next === undefined) return false;
    await this.advance(Math.max(next.atMs - this.#nowMs, 0));
    return true;
  }

  /** Sets the clock without waking anybody, as when an administrator corrects it. */
  jump(byMs: number): void {
    this.#nowMs += byMs;
  }

  #first(): Waiter | undefined {
    return this.#waiters.toSorted((left, right) => left.atMs - right.atMs || left.order - right.order)[0];
  }
}

// One turn of the event loop: every promise chain that does no I/O has run as far as it goes.
function settle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
