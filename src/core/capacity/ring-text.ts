import type { TokenRing } from './token-ring.ts';

/** Buckets that a ring may hold: far more than a window and everything that can be reserved ahead. */
const MOST_BUCKETS = 2000;

/** A ring as short text: the first bucket, then `gap.tokens.requests` for every bucket that holds something, in base 36. */
export function encodeRing(ring: TokenRing): string {
  const parts = [ring.first.toString(36)];
  let before = 0;
  for (let index = 0; index < ring.tokens.length; index += 1) {
    const tokens = ring.tokens[index] ?? 0;
    const requests = ring.requests[index] ?? 0;
    if (tokens === 0 && requests === 0) continue;
    const entry = `${(index - before).toString(36)}.${tokens.toString(36)}`;
    parts.push(requests === 1 ? entry : `${entry}.${requests.toString(36)}`);
    before = index;
  }
  return parts.join(' ');
}

/** The ring of a text; null when the text is damaged. */
export function decodeRing(text: string): TokenRing | null {
  const [head, ...entries] = text.split(' ');
  const first = readWhole(head);
  if (first === null) return null;
  const ring: TokenRing = { first, tokens: [], requests: [] };
  let index = 0;
  for (const entry of entries) {
    const [gapText, tokensText, requestsText] = entry.split('.');
    const gap = readWhole(gapText);
    const tokens = readWhole(tokensText);
    const requests = requestsText === undefined ? 1 : readWhole(requestsText);
    if (gap === null || tokens === null || requests === null) return null;
    index += gap;
    if (index > MOST_BUCKETS) return null;
    while (ring.tokens.length < index) {
      ring.tokens.push(0);
      ring.requests.push(0);
    }
    ring.tokens[index] = tokens;
    ring.requests[index] = requests;
  }
  return ring;
}

/** Ascending times as short text: the first, then the gaps, in base 36. */
export function encodeTimes(times: readonly number[]): string {
  return times.map((time, index) => (time - (index === 0 ? 0 : (times[index - 1] ?? 0))).toString(36)).join(' ');
}

/** The times of a text; null when the text is damaged. */
export function decodeTimes(text: string): number[] | null {
  if (text === '') return [];
  const times: number[] = [];
  let before = 0;
  for (const part of text.split(' ')) {
    const gap = readWhole(part);
    if (gap === null) return null;
    before += gap;
    times.push(before);
  }
  return times;
}

function readWhole(text: string | undefined): number | null {
  if (text === undefined || !/^[0-9a-z]{1,11}$/.test(text)) return null;
  return Number.parseInt(text, 36);
}
