import type { Clock } from '../../clock.ts';
import { learnOffset, type StorageOffset, unknownOffset } from './storage-offset.ts';

// Node's timers take no longer delay; a longer one would fire at once.
const longestTimerMs = 2_147_483_647;

/** What a machine tells of time: the time of day, which may be set back or ahead, and how long it has been counting, which may not. */
export interface MachineClocks {
  readonly wallMs: () => number;
  readonly uptimeMs: () => number;
}

/**
 * The time of day as it was when this was made, counted on evenly: whoever waits for a send time waits for it in vain, or far too
 * long, when the clock that he waits by is set. What a machine's clock is wrong by, storage's answers tell.
 */
export function steadyTime({ wallMs, uptimeMs }: MachineClocks): () => number {
  const originMs = wallMs() - uptimeMs();
  return () => Math.floor(originMs + uptimeMs());
}

/** Local time plus the offset to storage time, learnt from the `Date` of storage's answers. */
export class StorageClock implements Clock {
  #offset: StorageOffset = unknownOffset;
  readonly #localNow: () => number;

  constructor(localNow: () => number = steadyTime({ wallMs: Date.now, uptimeMs: () => performance.now() })) {
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
