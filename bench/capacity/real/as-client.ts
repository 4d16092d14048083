import { setTimeout as sleep } from 'node:timers/promises';
import { WeirError } from '../../../src/core/http/weir-error.ts';

/** Tries of one call, as a patient client makes them. */
const mostTries = 10;

/**
 * Calls as clients of Weir do: a 503 (storage is away for a moment) is tried again when it says so, or after 0.5 s doubling to 8 s.
 * Whatever else fails, and the last try, is thrown. `onRetry` counts.
 */
export async function asClient<T>(call: () => Promise<T>, onRetry: () => void): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof WeirError) || error.status !== 503 || tries === mostTries) throw error;
      onRetry();
      await sleep(error.retryAfterMs ?? Math.min(8000, 500 * 2 ** (tries - 1)));
    }
  }
}
