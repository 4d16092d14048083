import type { Random } from '../random.ts';

/** The part of the configuration's `retry` that shapes a delay. */
export interface BackoffSettings {
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  readonly exponentialBase: number;
  readonly jitter: boolean;
}

/**
 * Delay before retry `retry` (0 for the first): base × exponentialBase^retry, times 0.5–1.5 with jitter, never more
 * than `maxDelayMs`, jitter included. Whole milliseconds.
 */
export function computeBackoff(retry: number, settings: BackoffSettings, random: Random): number {
  const plain = Math.min(settings.maxDelayMs, settings.baseDelayMs * settings.exponentialBase ** retry);
  const factor = settings.jitter ? 0.5 + random.next() : 1;
  return Math.min(settings.maxDelayMs, Math.round(plain * factor));
}
