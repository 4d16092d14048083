import type { TokenSource } from './token-source.ts';

const firstRestMs = 1000;
const longestRestMs = 15_000;

/**
 * A token source that is left alone for a while after it failed, 1 s and then twice as long up to 15 s: those who ask meanwhile
 * get its failure at once instead of waiting for it each. Whoever asks while an answer is on its way gets that answer.
 */
export function restAfterFailure(source: TokenSource, now: () => number): TokenSource {
  let asking: Promise<string> | null = null;
  let failure: { readonly error: unknown; readonly untilMs: number } | null = null;
  let restMs = 0;
  const ask = async (): Promise<string> => {
    try {
      const token = await source();
      failure = null;
      restMs = 0;
      return token;
    } catch (error) {
      restMs = Math.min(longestRestMs, Math.max(firstRestMs, 2 * restMs));
      failure = { error, untilMs: now() + restMs };
      throw error;
    } finally {
      asking = null;
    }
  };
  return () => {
    if (failure !== null && now() < failure.untilMs) return Promise.reject(failure.error);
    asking ??= ask();
    return asking;
  };
}
