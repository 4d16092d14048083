import type { Tokenizer } from './count-tokens.ts';
import type { Phrases } from './phrases.ts';
import { choosePhrases } from './phrases.ts';
import type { SeededRandom } from './seeded-random.ts';
import { createRandom, hashText, pick } from './seeded-random.ts';
import { findTopicWords } from './topic-words.ts';

/** A text and its length in tokens. */
export type WrittenText = { text: string; tokens: number };

const SENTENCES_PER_PARAGRAPH = 5;

/**
 * Writes sentences about the words of `topicText`, in its language where phrases exist for it, until about `targetTokens` are
 * reached (at least one sentence). Equal arguments give equal text.
 */
export function writeAnswer(topicText: string, targetTokens: number, seed: number, tokenizer: Tokenizer): WrittenText {
  const random = createRandom(hashText(topicText, String(seed)));
  const phrases = choosePhrases(topicText);
  const words = findTopicWords(topicText);
  const parts: string[] = [];
  let tokens = 0;
  let sentences = 0;
  while (tokens < targetTokens) {
    const sentence = writeSentence(phrases, words, sentences, random);
    const isParagraphEnd = (sentences + 1) % SENTENCES_PER_PARAGRAPH === 0;
    const separator = sentences === 0 ? '' : sentences % SENTENCES_PER_PARAGRAPH === 0 ? '' : phrases.space;
    const piece = separator + sentence + (isParagraphEnd ? '\n\n' : '');
    const pieceTokens = tokenizer.count(piece);
    if (tokens > 0 && tokens + pieceTokens > targetTokens * 1.05 + 4) break;
    parts.push(piece);
    tokens += pieceTokens;
    sentences += 1;
  }
  const text = parts.join('').trimEnd();
  return { text, tokens: tokenizer.count(text) };
}

function writeSentence(phrases: Phrases, words: string[], position: number, random: SeededRandom): string {
  const template = position === 0 ? pick(random, phrases.openings) : pick(random, phrases.sentences);
  const used = new Set<string>();
  const connector = position > 0 && random() < 0.3 ? pick(random, phrases.connectors) + phrases.space : '';
  // After a comma a pattern's own first letter is small; a topic word keeps its capital.
  const pattern = /, ?$/u.test(connector) ? template.charAt(0).toLowerCase() + template.slice(1) : template;
  const filled = pattern.replaceAll(/\{(\w)\}/gu, () => {
    const word = drawWord(words, phrases, used, random);
    used.add(word);
    return word;
  });
  return (connector + filled).replace(/^\p{Ll}/u, (letter) => letter.toUpperCase());
}

function drawWord(words: string[], phrases: Phrases, used: Set<string>, random: SeededRandom): string {
  for (let tries = 0; tries < 4; tries += 1) {
    const word = words[Math.floor(random() * words.length)];
    if (word !== undefined && !used.has(word)) return word;
  }
  return pick(random, phrases.things);
}
