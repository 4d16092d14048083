import type { Clock } from '../src/core/clock.ts';

interface Event {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
}

/**
 * A discrete-event scheduler: time stands still while code runs and jumps to the next event when everything waits. Events of
 * one moment run in the order they were planned, so a run with the same seed is the same run.
 */
export class VirtualTime {
  #nowMs: number;
  #planned = 0;
  readonly #heap: Event[] = [];

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  /** Plans `run` for a moment; the past means now. */
  at(atMs: number, run: () => void): void {
    this.#planned += 1;
    this.#push({ atMs: Math.max(atMs, this.#nowMs), order: this.#planned, run });
  }

  /** Resolves after `durationMs`, or early when `signal` aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        // A signal made of others lives for as long as somebody listens to it, and keeps a whole run alive.
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      this.at(this.#nowMs + Math.max(0, durationMs), wake);
      signal?.addEventListener('abort', wake, { once: true });
    });
  }

  /** The clock of one machine, `skewMs` ahead of true time. */
  clock(skewMs: number): Clock {
    return {
      now: () => this.#nowMs + skewMs,
      sleep: (durationMs, signal) => this.sleep(durationMs, signal),
    };
  }

  /** Runs everything that happens until `untilMs`. */
  async run(untilMs: number): Promise<void> {
    for (;;) {
      // One turn of the event loop lets every promise that is ready go on before time moves.
      await new Promise((resolve) => setImmediate(resolve));
      const next = this.#heap[0];
      if (next === undefined || next.atMs > untilMs) break;
      this.#pop();
      this.#nowMs = next.atMs;
      next.run();
      // Events within the same millisecond share that turn.
      while (this.#heap[0] !== undefined && this.#heap[0].atMs - this.#nowMs < 0.25) this.#pop()?.run();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(event, above)) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = event;
  }

  #pop(): Event | undefined {
    const heap = this.#heap;
    const top = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      const left = heap[child];
      const right = heap[child + 1];
      if (left === undefined) break;
      let least = left;
      if (right !== undefined && isBefore(right, left)) {
        least = right;
        child += 1;
      }
      if (!isBefore(least, last)) break;
      heap[index] = least;
      index = child;
    }
    heap[index] = last;
    return top;
  }
}

function isBefore(left: Event, right: Event): boolean {
  return left.atMs < right.atMs || (left.atMs === right.atMs && left.order < right.order);
}
