import { hashText } from './seeded-random.ts';

/** Remembers beginnings of prompts, as the service's prompt cache does. */
export type PromptCache = { seenAtMs: Map<number, number> };

const LEAST_TOKENS = 1024;
const STEP_TOKENS = 128;
const KEPT_MS = 300_000;
const MOST_ENTRIES = 5000;

/** An empty cache. */
export function createPromptCache(): PromptCache {
  return { seenAtMs: new Map() };
}

/**
 * How many of the prompt's first tokens were seen within the last five minutes: 0, or 1,024 and more in steps of 128. Remembers
 * this prompt too. Prompts under 1,024 tokens are never cached.
 */
export function readCachedTokens(cache: PromptCache, tokens: readonly number[], nowMs: number): number {
  let cached = 0;
  let hash = '';
  for (let end = LEAST_TOKENS, from = 0; end <= tokens.length; from = end, end += STEP_TOKENS) {
    hash = String(hashText(hash, tokens.slice(from, end).join(',')));
    const key = Number(hash);
    const seenAtMs = cache.seenAtMs.get(key);
    if (seenAtMs !== undefined && nowMs - seenAtMs <= KEPT_MS) cached = end;
    cache.seenAtMs.delete(key);
    cache.seenAtMs.set(key, nowMs);
  }
  for (const key of cache.seenAtMs.keys()) {
    if (cache.seenAtMs.size <= MOST_ENTRIES) break;
    cache.seenAtMs.delete(key);
  }
  return cached;
}
