/** Time as the use cases see it: milliseconds since the epoch, corrected to storage time where a store has told us its own. */
export interface Clock {
  now(): number;
  /** Resolves after `durationMs` (at once when it is 0 or less), or early, without throwing, when `signal` aborts. */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;
}
