import { expect, it } from 'vitest';
import { createPromptCache, readCachedTokens } from '../../../../tools/simulator/prompt-cache.ts';

const tokens = (length: number, seed = 0) => Array.from({ length }, (_, index) => (index * 7 + seed) % 1000);

it('caches nothing of a prompt under 1,024 tokens', () => {
  const cache = createPromptCache();
  readCachedTokens(cache, tokens(1023), 0);
  expect(readCachedTokens(cache, tokens(1023), 1)).toBe(0);
});

it('caches a repeated prompt in steps of 128', () => {
  const cache = createPromptCache();
  expect(readCachedTokens(cache, tokens(1400), 0)).toBe(0);
  expect(readCachedTokens(cache, tokens(1400), 1)).toBe(1280);
});

it('caches the beginning that two prompts share, and only that', () => {
  const cache = createPromptCache();
  readCachedTokens(cache, [...tokens(1100), ...tokens(500, 1)], 0);
  expect(readCachedTokens(cache, [...tokens(1100), ...tokens(500, 2)], 1)).toBe(1024);
  expect(readCachedTokens(cache, tokens(1500, 3), 2)).toBe(0);
});

it('forgets after five minutes', () => {
  const cache = createPromptCache();
  readCachedTokens(cache, tokens(1100), 0);
  expect(readCachedTokens(cache, tokens(1100), 300_001)).toBe(0);
});

it('stays small', () => {
  const cache = createPromptCache();
  for (let seed = 0; seed < 700; seed += 1) readCachedTokens(cache, tokens(2200, seed), seed);
  expect(cache.seenAtMs.size).toBeLessThanOrEqual(5000);
});
