import type { CountTokens } from './token-counter.ts';

/** Characters that are counted exactly: a tenth of a second for the worst text there is. */
export const countedCharacters = 262_144;

/** Prose takes a token for four bytes and code for two and more; only noise takes more than this. */
const bytesPerToken = 2;

/**
 * A counter that counts the first characters it is given, over all its calls, and estimates what comes after from its UTF-8
 * bytes: no request keeps the process busy for long.
 */
export function boundCounting(countTokens: CountTokens, characters = countedCharacters): CountTokens {
  let leftCharacters = characters;
  return (text) => {
    const head = text.slice(0, leftCharacters);
    leftCharacters -= head.length;
    if (head.length === text.length) return countTokens(head);
    const restBytes = new TextEncoder().encode(text.slice(head.length)).byteLength;
    return countTokens(head) + Math.ceil(restBytes / bytesPerToken);
  };
}
