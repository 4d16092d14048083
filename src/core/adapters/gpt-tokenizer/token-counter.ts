import { boundCounting } from '../../tokens/bound-counting.ts';
import { type EncodingName, encodingOf } from '../../tokens/encoding-of.ts';
import { splitRuns } from '../../tokens/split-runs.ts';
import type { CountTokens, TokenCounter } from '../../tokens/token-counter.ts';

interface Encoding {
  countTokens(text: string, options: { readonly disallowedSpecial: Set<string> }): number;
}

/** A prompt may quote `<|endoftext|>`; by default the encoder throws there. */
const asPlainText = { disallowedSpecial: new Set<string>() };

const loaders: Readonly<Record<EncodingName, () => Promise<Encoding>>> = {
  o200k_base: () => import('gpt-tokenizer/encoding/o200k_base'),
  cl100k_base: () => import('gpt-tokenizer/encoding/cl100k_base'),
};

/** Counts with gpt-tokenizer; each encoding is loaded once, when a model first needs it. */
export function makeTokenCounter(): TokenCounter {
  const loading = new Map<EncodingName, Promise<CountTokens>>();
  return {
    load(model) {
      const name = encodingOf(model);
      const known = loading.get(name) ?? loaders[name]().then(countWith);
      loading.set(name, known);
      return known;
    },
  };
}

function countWith(encoding: Encoding): CountTokens {
  const count = (text: string) =>
    splitRuns(text).reduce((sum, part) => sum + encoding.countTokens(part, asPlainText), 0);
  return (text) => boundCounting(count)(text);
}
