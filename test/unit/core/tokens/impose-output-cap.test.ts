import { describe, expect, it } from 'vitest';
import { imposeOutputCap } from '../../../../src/core/tokens/impose-output-cap.ts';

describe('imposeOutputCap', () => {
  it.each([
    ['/v1/chat/completions', 'gpt-4.1-mini', { a: 1, max_completion_tokens: 9 }],
    ['/v1/chat/completions', 'o3', { a: 1, max_completion_tokens: 9 }],
    ['/v1/chat/completions', 'gpt-4o', { a: 1, max_completion_tokens: 9 }],
    ['/v1/chat/completions', 'gpt-4-turbo', { a: 1, max_tokens: 9 }],
    ['/v1/chat/completions', 'gpt-35-turbo', { a: 1, max_tokens: 9 }],
    ['/v1/responses', 'gpt-5', { a: 1, max_output_tokens: 9 }],
    ['/v1/embeddings', 'text-embedding-3-small', { a: 1 }],
  ] as const)('of %s for %s', (endpoint, model, expected) => {
    const body = { a: 1 };
    expect(imposeOutputCap(endpoint, model, body, 9)).toEqual(expected);
    expect(body).toEqual({ a: 1 });
  });

  it('replaces a null that stands for "none"', () => {
    expect(imposeOutputCap('/v1/responses', 'gpt-5', { max_output_tokens: null }, 9)).toEqual({ max_output_tokens: 9 });
  });
});
