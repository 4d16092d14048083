import { breakLongRuns } from './break-long-runs.ts';

type Encoding = {
  encode(text: string, options: { disallowedSpecial: Set<string> }): number[];
  decode(tokens: Iterable<number>): string;
};

// A prompt may quote "<|endoftext|>"; by default the encoder throws there.
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() };

let loading: Promise<Encoding> | undefined;

/** Counts and cuts text in tokens of the encoding that today's models share (o200k_base). */
export type Tokenizer = {
  count(text: string): number;
  encode(text: string): number[];
  /** The first `maxTokens` tokens of `text` as text; never ends in half a character. */
  cut(text: string, maxTokens: number): string;
};

/** Loads the encoding once per process (about 0.2 s and 64 MB), so that importing the simulator's pure parts costs nothing. */
export async function loadTokenizer(): Promise<Tokenizer> {
  loading ??= import('gpt-tokenizer/encoding/o200k_base');
  const encoding = await loading;
  const encode = (text: string) => breakLongRuns(text).flatMap((part) => encoding.encode(part, AS_PLAIN_TEXT));
  return {
    encode,
    count: (text) => breakLongRuns(text).reduce((sum, part) => sum + encoding.encode(part, AS_PLAIN_TEXT).length, 0),
    cut: (text, maxTokens) => encoding.decode(encode(text).slice(0, Math.max(0, maxTokens))).replace(/\uFFFD+$/u, ''),
  };
}
