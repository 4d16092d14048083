import { isFunctionWord, isRequestWord } from './function-words.ts';

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
const MOST_CHARACTERS = 4000;
const MOST_WORDS = 24;

/** The words a text is about: its longest and most repeated content words in order of appearance; empty for no words at all. */
export function findTopicWords(text: string): string[] {
  const found = new Map<string, { word: string; weight: number; order: number }>();
  // Only a well-formed start and end are looked at: a 200 KB prompt says what it wants in either.
  const looked =
    text.length > 2 * MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)} ${text.slice(-MOST_CHARACTERS)}` : text;
  for (const { segment, isWordLike } of segmenter.segment(looked)) {
    if (!isWordLike || !/\p{L}/u.test(segment) || segment.length > 32) continue;
    const key = segment.toLowerCase();
    if (isFunctionWord(key) || isRequestWord(key) || (key.length < 4 && !isDense(key))) continue;
    const known = found.get(key);
    if (known) known.weight += 2;
    else found.set(key, { word: segment, weight: isDense(key) ? 3 * key.length : key.length, order: found.size });
  }
  return [...found.values()]
    .sort((one, other) => other.weight - one.weight)
    .slice(0, MOST_WORDS)
    .sort((one, other) => one.order - other.order)
    .map((entry) => entry.word);
}

// Scripts that put a word into one or two characters.
function isDense(word: string): boolean {
  return word.length > 1 && /[\p{Script=Han}\p{Script=Katakana}\p{Script=Hangul}]/u.test(word);
}
