import type { LengthDistribution } from './answer-length.ts';
import { drawTokens, readAskedTokens } from './answer-length.ts';
import { writeAnswer } from './answer-text.ts';
import type { AskedAnswer } from './asked-answer.ts';
import type { Tokenizer } from './count-tokens.ts';
import { makeJson, makeJsonObject } from './json-answer.ts';
import type { SeededRandom } from './seeded-random.ts';
import { createRandom, hashText } from './seeded-random.ts';
import { findTopicWords } from './topic-words.ts';

/** One of the `n` answers to a request. */
export type Choice = {
  text: string;
  tool: string | null;
  reasoningTokens: number;
  /** Visible and hidden tokens together: what is billed as output. */
  outputTokens: number;
  finishReason: 'stop' | 'length' | 'tool_calls';
};

const REASONING_MEDIAN: { [effort: string]: number } = { none: 0, minimal: 0, low: 64, medium: 192, high: 640 };

/** Composes every choice of an answer; the same request under the same seed gives the same answer. */
export function composeAnswer(
  asked: AskedAnswer,
  options: { model: string; reasons: boolean; seed: number; length: LengthDistribution; tokenizer: Tokenizer },
): Choice[] {
  return Array.from({ length: asked.choices }, (_, index) => {
    const seed = hashText(
      String(options.seed),
      options.model,
      asked.promptText,
      String(asked.maxOutputTokens),
      String(index),
    );
    const random = createRandom(seed);
    const reasoningTokens = options.reasons ? drawReasoning(asked.reasoningEffort, random) : 0;
    return fitChoice(asked, compose(asked, options, seed, random), reasoningTokens, options.tokenizer);
  });
}

function compose(
  asked: AskedAnswer,
  options: { length: LengthDistribution; tokenizer: Tokenizer },
  seed: number,
  random: SeededRandom,
): string {
  const words = findTopicWords(asked.topicText);
  switch (asked.format.kind) {
    case 'json':
      return JSON.stringify(makeJsonObject({ words, random }));
    case 'schema':
      return JSON.stringify(makeJson(asked.format.schema, { words, random }));
    case 'tool':
      return JSON.stringify(makeJson({ type: 'object', ...asked.format.parameters }, { words, random }));
    case 'text': {
      const wanted = readAskedTokens(asked.topicText) ?? drawTokens(options.length, random);
      // A little past the maximum is enough: the rest would be cut away.
      const target = Math.min(wanted, asked.maxOutputTokens === null ? wanted : asked.maxOutputTokens + 64);
      return writeAnswer(asked.topicText, target, seed, options.tokenizer).text;
    }
  }
}

function fitChoice(asked: AskedAnswer, text: string, reasoningTokens: number, tokenizer: Tokenizer): Choice {
  const tool = asked.format.kind === 'tool' ? asked.format.name : null;
  const most = asked.maxOutputTokens ?? Number.MAX_SAFE_INTEGER;
  const reasoned = Math.min(reasoningTokens, most);
  const visible = tokenizer.count(text);
  if (reasoned + visible <= most) {
    const finishReason = tool === null ? 'stop' : 'tool_calls';
    return { text, tool, reasoningTokens: reasoned, outputTokens: reasoned + visible, finishReason };
  }
  const cut = tokenizer.cut(text, most - reasoned);
  return { text: cut, tool, reasoningTokens: reasoned, outputTokens: most, finishReason: 'length' };
}

function drawReasoning(effort: string, random: SeededRandom): number {
  const median = REASONING_MEDIAN[effort] ?? REASONING_MEDIAN['medium'] ?? 0;
  // The service reports reasoning in steps of 64.
  return Math.round((median * (0.5 + random() * 1.5)) / 64) * 64;
}
