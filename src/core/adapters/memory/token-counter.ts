import type { TokenCounter } from '../../tokens/token-counter.ts';

/** Counts without tables: a token is four characters, the last one may be shorter. */
export const fourLettersAToken: TokenCounter = { load: async () => (text) => Math.ceil(text.length / 4) };
