import type { SeededRandom } from './seeded-random.ts';
import { drawNormal } from './seeded-random.ts';

/** How long answers are when nobody asks for a length: log-normal around the median. */
export type LengthDistribution = { medianTokens: number; sigma: number };

const TOKENS_BY_UNIT: readonly (readonly [RegExp, number])[] = [
  [/^tokens?$/iu, 1],
  [/^(?:words?|wörter[n]?|worten|mots|palabras|parole|palavras|woorden)$/iu, 1.35],
  [/^(?:sentences?|sätze[n]?|phrases|frases|frasi|zinnen)$/iu, 22],
  [/^(?:paragraphs?|absätze[n]?|paragraphes|párrafos)$/iu, 95],
  [/^(?:characters|chars|zeichen|caractères|caracteres|caratteri|tekens)$/iu, 0.22],
  [/^(?:kb|kib|kilobytes?)$/iu, 225],
];
const ASKED = /(?<![\p{L}\d.,])(\d{1,3}(?:[,.]\d{3})+|\d{1,7})[\s-]*(\p{L}+)/gu;
const SINGLE_WORD = /\b(?:one word|single word|ja oder nein|yes or no|oui ou non|sí o no)\b/iu;

/** The length in tokens that a prompt asks for ("in 50 words", "about 2,000 tokens", "200 KB"), the last one named; else null. */
export function readAskedTokens(prompt: string): number | null {
  let asked: number | null = null;
  for (const match of prompt.matchAll(ASKED)) {
    const amount = Number((match[1] ?? '').replace(/[,.]/gu, ''));
    const unit = TOKENS_BY_UNIT.find(([name]) => name.test(match[2] ?? ''));
    if (unit && amount > 0) asked = Math.max(1, Math.round(amount * unit[1]));
  }
  return asked ?? (SINGLE_WORD.test(prompt) ? 1 : null);
}

/** A length drawn from the distribution, at least 8 tokens and at most 16 times the median. */
export function drawTokens(distribution: LengthDistribution, random: SeededRandom): number {
  const drawn = distribution.medianTokens * Math.exp(distribution.sigma * drawNormal(random));
  return Math.round(Math.min(distribution.medianTokens * 16, Math.max(8, drawn)));
}
