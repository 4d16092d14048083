/** A piece of an answer and how many of its tokens have been written when it has been sent. */
export type TextPiece = { text: string; tokensSoFar: number };

/** Splits an answer at word boundaries into about `pieces` pieces for streaming; joined, they are the text. */
export function splitText(text: string, tokens: number, pieces: number): TextPiece[] {
  const size = Math.max(1, Math.ceil(text.length / Math.max(1, pieces)));
  const split: TextPiece[] = [];
  for (let start = 0; start < text.length; ) {
    let end = Math.min(text.length, start + size);
    const limit = Math.min(text.length, end + 24);
    while (end < limit && !/\s/u.test(text.charAt(end))) end += 1;
    if (isLowSurrogate(text.charCodeAt(end))) end += 1;
    split.push({ text: text.slice(start, end), tokensSoFar: Math.ceil((tokens * end) / text.length) });
    start = end;
  }
  return split;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
