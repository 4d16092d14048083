import type { Clock } from '../../clock.ts';
import { learnOffset, type StorageOffset, unknownOffset } from './storage-offset.ts';

// Node's timers take no longer delay; a longer one would fire at once.
const longestTimerMs = 2_147_483_647;

/** Local time plus the offset to storage time, learnt from the `Date` of storage's answers. */
export class StorageClock implements Clock {
  #offset: StorageOffset = unknownOffset;
  readonly #localNow: () => number;

  constructor(localNow: () => number = Date.now) {
    this.#localNow = localNow;
  }

  /** Milliseconds that storage is ahead of this machine, as far as known. */
  get offsetMs(): number {
    return this.#offset.offsetMs;
  }

  /** Takes in what one answer of storage tells; `dateMs` is its `Date`, the others are local time. */
  observe(observed: { readonly dateMs: number; readonly sentAtMs: number; readonly receivedAtMs: number }): void {
    this.#offset = learnOffset(this.#offset, observed);
  }

  now(): number {
    return this.#localNow() + this.#offset.offsetMs;
  }

  sleep(durationMs: number, signal?: AbortSignal): Promise<void> {
    if (!(durationMs > 0) || signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(durationMs, longestTimerMs));
      signal?.addEventListener('abort', wake, { once: true });
    });
  }
}
