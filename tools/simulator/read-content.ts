import { isJsonObject, readObject, readString } from './json-value.ts';

/** The text and the image tokens of one message's content. */
export type ReadContent = { text: string; imageTokens: number };

// Without fetching the picture its size is unknown: 85 tokens for low detail, one 1024² picture (765) otherwise.
const LOW_DETAIL_TOKENS = 85;
const HIGH_DETAIL_TOKENS = 765;
const TEXT_PARTS = new Set(['text', 'input_text', 'output_text', 'refusal']);
const IMAGE_PARTS = new Set(['image_url', 'input_image']);

/** Reads content given as text, as a list of parts (chat or responses), or as nothing; returns null for anything else. */
export function readContent(content: unknown): ReadContent | null {
  if (content === null || content === undefined) return { text: '', imageTokens: 0 };
  if (typeof content === 'string') return { text: content, imageTokens: 0 };
  if (!Array.isArray(content)) return null;
  const texts: string[] = [];
  let imageTokens = 0;
  for (const part of content) {
    if (!isJsonObject(part)) return null;
    const type = readString(part, 'type') ?? '';
    if (TEXT_PARTS.has(type)) {
      const text = readString(part, 'text') ?? readString(part, 'refusal');
      if (text === undefined) return null;
      texts.push(text);
    } else if (IMAGE_PARTS.has(type)) {
      const detail = readString(readObject(part, 'image_url') ?? part, 'detail');
      imageTokens += detail === 'low' ? LOW_DETAIL_TOKENS : HIGH_DETAIL_TOKENS;
    } else if (type === '') return null;
  }
  return { text: texts.join('\n'), imageTokens };
}
