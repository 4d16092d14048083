import { decodeRing, encodeRing } from './ring-text.ts';
import type { TokenRing } from './token-ring.ts';

/** Tells rings of quarter seconds from those of older builds, which counted in whole seconds. */
const QUARTERS = 'q ';
const QUARTERS_PER_SECOND = 4;

/** A team's ring as text. */
export function encodeTeamRing(ring: TokenRing): string {
  return QUARTERS + encodeRing(ring);
}

/** The ring of a text; null when the text is damaged. What an older build booked counts as of the end of its second. */
export function decodeTeamRing(text: string): TokenRing | null {
  if (text.startsWith(QUARTERS)) return decodeRing(text.slice(QUARTERS.length));
  const seconds = decodeRing(text);
  return seconds === null ? null : inQuarters(seconds);
}

function inQuarters({ first, tokens, requests }: TokenRing): TokenRing {
  const spread = (values: readonly number[]) => values.flatMap((value) => [0, 0, 0, value]);
  return { first: first * QUARTERS_PER_SECOND, tokens: spread(tokens), requests: spread(requests) };
}
