import { describe, expect, it } from 'vitest';
import { readFilteredCategories } from '../../../../../src/core/adapters/openai/filtered-categories.ts';

const safe = { filtered: false, severity: 'safe' };
const cut = { filtered: true, severity: 'high' };

describe('readFilteredCategories', () => {
  it.each<[string, unknown, string[]]>([
    [
      'a clean answer',
      {
        choices: [{ content_filter_results: { hate: safe, violence: safe } }],
        prompt_filter_results: [{ content_filter_results: { hate: safe } }],
      },
      [],
    ],
    ['an answer cut short', { choices: [{ content_filter_results: { hate: safe, violence: cut } }] }, ['violence']],
    [
      'a prompt that was filtered',
      {
        prompt_filter_results: [
          { prompt_index: 0, content_filter_results: { jailbreak: { filtered: true, detected: true } } },
        ],
      },
      ['jailbreak'],
    ],
    [
      'a refusal',
      {
        error: {
          code: 'content_filter',
          innererror: { content_filter_result: { sexual: cut, violence: cut, hate: safe } },
        },
      },
      ['sexual', 'violence'],
    ],
    ['a category nobody knows', { choices: [{ content_filter_results: { gossip: cut } }] }, []],
    ['other shapes', { choices: 'x', prompt_filter_results: [null], error: { innererror: 7 } }, []],
    ['nothing', undefined, []],
  ])('of %s', (_, body, expected) => {
    expect(readFilteredCategories(body)).toEqual(expected);
  });
});
