import { breakLongRuns } from './break-long-runs.ts';

type Encoding = { encode(text: string, options: { disallowedSpecial: Set<string> }): number[] };

// A prompt may quote "<|endoftext|>"; by default the encoder throws there.
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() };
const FIRST_STEP_CHARACTERS = 64;

let loading: Promise<Encoding> | undefined;

/** Counts and cuts text in tokens of the encoding that today's models share (o200k_base). */
export type Tokenizer = {
  count(text: string): number;
  encode(text: string): number[];
  /** The longest beginning of `text` of at most `maxTokens` tokens, the whole of it when it fits; never half a character. */
  cut(text: string, maxTokens: number): string;
};

/** Loads the encoding once per process (about 0.2 s and 64 MB), so that importing the simulator's pure parts costs nothing. */
export async function loadTokenizer(): Promise<Tokenizer> {
  loading ??= import('gpt-tokenizer/encoding/o200k_base');
  const encoding = await loading;
  const encodePart = (part: string) => encoding.encode(part, AS_PLAIN_TEXT);
  const count = (text: string) => breakLongRuns(text).reduce((sum, part) => sum + encodePart(part).length, 0);
  return {
    count,
    encode: (text) => breakLongRuns(text).flatMap(encodePart),
    cut: (text, maxTokens) => cutText(text, (part) => count(part) <= maxTokens),
  };
}

// Not by decoding the first tokens: gpt-tokenizer 4.0.0 keeps the bytes of half a character and puts them before the next text
// it decodes, in any call. The end is looked for from behind, as answers are written only a little past their maximum.
function cutText(text: string, fits: (part: string) => boolean): string {
  if (fits(text)) return text;
  let tooLong = text.length;
  let step = FIRST_STEP_CHARACTERS;
  while (tooLong - step > 0 && !fits(sliceWhole(text, tooLong - step))) {
    tooLong -= step;
    step *= 2;
  }
  let fitting = Math.max(0, tooLong - step);
  while (tooLong - fitting > 1) {
    const middle = (fitting + tooLong) >>> 1;
    if (fits(sliceWhole(text, middle))) fitting = middle;
    else tooLong = middle;
  }
  return sliceWhole(text, fitting);
}

function sliceWhole(text: string, end: number): string {
  const code = text.charCodeAt(end);
  return text.slice(0, code >= 0xdc00 && code <= 0xdfff ? end - 1 : end);
}
