import { isFunctionWord } from './function-words.ts';
import { createRandom, hashText } from './seeded-random.ts';

const segmenter = new Intl.Segmenter('und', { granularity: 'word' });
const NON_ZERO_PER_FEATURE = 24;
const FUNCTION_WORD_WEIGHT = 0.08;
const STEM_WEIGHT = 1;
const GRAM_WEIGHT = 0.55;
const GRAM_LENGTH = 4;
const MOST_CHARACTERS = 40_000;

/**
 * Places a text on the unit sphere so that texts that share word stems and spellings lie near each other: every stem and every
 * four letters within a word is a feature, weighted by how telling it is (function words hardly, longer words more, repeats
 * less and less), and falls on a fixed random set of dimensions. No list of paraphrases, no knowledge of synonyms.
 */
export function embedText(text: string, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const [feature, weight] of weighFeatures(text)) {
    const random = createRandom(hashText('embedding', feature));
    for (let count = 0; count < NON_ZERO_PER_FEATURE; count += 1) {
      const position = Math.floor(random() * dimensions);
      vector[position] = (vector[position] ?? 0) + (random() < 0.5 ? weight : -weight);
    }
  }
  return normalise(vector);
}

function weighFeatures(text: string): Map<string, number> {
  const counts = new Map<string, { weight: number; count: number }>();
  const add = (feature: string, weight: number) => {
    const known = counts.get(feature);
    if (known) known.count += 1;
    else counts.set(feature, { weight, count: 1 });
  };
  const looked = text.slice(0, MOST_CHARACTERS).normalize('NFKC').toLowerCase();
  for (const { segment, isWordLike } of segmenter.segment(looked)) {
    if (!isWordLike) continue;
    const word = segment.normalize('NFD').replace(/\p{M}/gu, '').normalize('NFC');
    if (isFunctionWord(segment)) {
      add(`f:${word}`, FUNCTION_WORD_WEIGHT);
      continue;
    }
    const telling = tellingness(word);
    add(`s:${stem(word)}`, STEM_WEIGHT * telling);
    const grams = gramsOf(word);
    for (const gram of grams) add(`g:${gram}`, (GRAM_WEIGHT * telling) / Math.sqrt(grams.length));
  }
  if (counts.size === 0) add(`t:${looked.trim()}`, 1);
  return new Map([...counts].map(([feature, { weight, count }]) => [feature, weight * (1 + Math.log(count))]));
}

// Long words and numbers are rare and tell more than short ones: a stand-in for inverse document frequency.
function tellingness(word: string): number {
  if (/\d/u.test(word)) return 1.3;
  return Math.min(1.5, 0.45 + 0.12 * [...word].length * (isDense(word) ? 3 : 1));
}

// Endings carry grammar in most alphabetic languages, so a stem is a word without its last third, at least four letters.
function stem(word: string): string {
  if (isDense(word) || word.length <= 4) return word;
  return word.slice(0, Math.max(4, Math.ceil(word.length * 0.62)));
}

function gramsOf(word: string): string[] {
  const length = isDense(word) ? 1 : GRAM_LENGTH;
  const padded = isDense(word) ? word : `^${word}`;
  if (padded.length <= length) return [padded];
  return Array.from({ length: padded.length - length + 1 }, (_, start) => padded.slice(start, start + length));
}

function isDense(word: string): boolean {
  return /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]/u.test(word);
}

function normalise(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
  return length === 0 ? vector : vector.map((value) => value / length);
}
