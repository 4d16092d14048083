import { describe, expect, it } from 'vitest';
import {
  estimateChat,
  estimateEmbeddings,
  OBSERVED_CHAT_RULE,
  OBSERVED_GPT_35_RULE,
} from '../../../../tools/simulator/admission-estimate.ts';

const PROMPT = { promptCharacters: 28, promptTokensGiven: 0, choices: 1 };

describe('the estimate at admission', () => {
  it.each([
    ['gpt-4o with a maximum: N + 8 for 28 characters', OBSERVED_CHAT_RULE, 1000, 1008],
    ['gpt-4o without one: 640 + 8', OBSERVED_CHAT_RULE, null, 648],
    ['gpt-3.5 with a maximum: exactly N', OBSERVED_GPT_35_RULE, 1000, 1000],
    ['gpt-3.5 without one: 16', OBSERVED_GPT_35_RULE, null, 16],
  ])('is as observed for %s', (_, rule, maxOutputTokens, expected) => {
    expect(estimateChat({ ...PROMPT, maxOutputTokens }, rule)).toBe(expected);
  });

  it('counts the maximum once per choice and the prompt once', () => {
    expect(estimateChat({ ...PROMPT, maxOutputTokens: 100, choices: 3 }, OBSERVED_CHAT_RULE)).toBe(308);
  });

  it('rounds every embedding input up by itself and takes token inputs as they are', () => {
    expect(estimateEmbeddings(['12345', '1', [7, 8, 9]], 4)).toBe(2 + 1 + 3);
  });
});
