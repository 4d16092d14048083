import { beforeAll, describe, expect, it } from 'vitest';
import { makeTokenCounter } from '../../../../src/core/adapters/gpt-tokenizer/token-counter.ts';
import type { Endpoint } from '../../../../src/core/jobs/job.ts';
import { estimateRequest } from '../../../../src/core/tokens/estimate-request.ts';
import { estimateRerun } from '../../../../src/core/tokens/estimate-rerun.ts';
import type { CountTokens } from '../../../../src/core/tokens/token-counter.ts';

let countTokens: CountTokens;
beforeAll(async () => {
  countTokens = await makeTokenCounter().load('gpt-4.1-mini');
});

const maxOutputTokens = 4096;
const estimate = (body: Record<string, unknown>, endpoint: Endpoint = '/v1/chat/completions', model = 'gpt-4.1-mini') =>
  estimateRequest({ endpoint, body, model, countTokens, maxOutputTokens });
const user = (content: unknown) => ({ messages: [{ role: 'user', content }] });

/** A counter that must not see what is no text. */
const countOnlyText: CountTokens = (text) => {
  if (text.length > 200) throw new Error('base64 was counted as text');
  return text.length;
};

describe('estimateRequest for chat', () => {
  it('counts 19 tokens in the example of the API reference', () => {
    const messages = [
      { role: 'system', content: 'You are a helpful assistant.' },
      { role: 'user', content: 'Hello!' },
    ];
    expect(estimate({ messages })).toEqual({
      inputTokens: 19,
      outputTokens: 4096,
      promptCharacters: 34,
      imposedOutputCap: 4096,
      rerunOutputCap: null,
      choices: 1,
    });
  });

  it.each([
    [{ max_tokens: 100 }, 100, null],
    [{ max_completion_tokens: 200 }, 200, null],
    [{ max_tokens: 100, max_completion_tokens: 200 }, 200, null],
    [{ max_tokens: 300, max_completion_tokens: 200 }, 300, null],
    [{ max_tokens: 100, n: 3 }, 300, null],
    [{ n: 2 }, 8192, 4096],
    [{ max_tokens: null, n: null }, 4096, 4096],
  ])('reserves the output of %j', (fields, outputTokens, imposedOutputCap) => {
    expect(estimate({ ...user('Hi'), ...fields })).toMatchObject({ outputTokens, imposedOutputCap });
  });

  it('adds tools and schemas by their JSON', () => {
    const tools = [{ type: 'function', function: { name: 'look_up', parameters: { type: 'object' } } }];
    const extra = estimate({ ...user('Hi'), tools }).inputTokens - estimate(user('Hi')).inputTokens;
    expect(extra).toBe(Math.ceil(JSON.stringify(tools).length / 3.5));
  });

  it('adds a name and the calls of an earlier answer', () => {
    const calls = [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }];
    const plain = estimate({ messages: [{ role: 'assistant', content: null }] }).inputTokens;
    const named = estimate({ messages: [{ role: 'assistant', content: null, name: 'Ada' }] }).inputTokens;
    const calling = estimate({ messages: [{ role: 'assistant', content: null, tool_calls: calls }] }).inputTokens;
    expect(named).toBe(plain + 1 + countTokens('Ada'));
    expect(calling).toBe(plain + Math.ceil(JSON.stringify(calls).length / 3.5));
  });

  it('counts text parts as text', () => {
    expect(estimate(user([{ type: 'text', text: 'Hello!' }])).inputTokens).toBe(estimate(user('Hello!')).inputTokens);
  });

  it('takes a learnt cap where the caller sets none, with the largest one for a re-run', () => {
    const learned = (learnedOutputCap: number | null, more: Record<string, unknown> = {}) =>
      estimateRequest({
        endpoint: '/v1/chat/completions',
        body: { ...user('Hi'), ...more },
        model: 'gpt-4.1-mini',
        countTokens,
        maxOutputTokens,
        learnedOutputCap,
      });
    expect(learned(512, { n: 2 })).toMatchObject({ outputTokens: 1024, imposedOutputCap: 512, rerunOutputCap: 4096 });
    expect(learned(9000)).toMatchObject({ outputTokens: 4096, imposedOutputCap: 4096, rerunOutputCap: null });
    expect(learned(512, { max_tokens: 60 })).toMatchObject({ outputTokens: 60, imposedOutputCap: null });
    expect(learned(512, { max_tokens: 60 }).rerunOutputCap).toBeNull();
    expect(estimateRerun(learned(512, { n: 2 }))).toMatchObject({ outputTokens: 8192, imposedOutputCap: 4096 });
    expect(estimateRerun(learned(null))).toBeNull();
  });

  it('charges an image at admission by its tokens', () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/weir.png', detail: 'low' } };
    expect(estimate(user([image]), '/v1/chat/completions', 'gpt-4.1').promptCharacters).toBe(4 * 85);
  });

  it('never reads image, audio or file data as text', () => {
    const data = 'A'.repeat(400_000);
    const parts = [
      { type: 'image_url', image_url: { url: `data:image/png;base64,${data}` } },
      { type: 'input_audio', input_audio: { data, format: 'mp3' } },
      { type: 'file', file: { file_data: data } },
    ];
    const request = { endpoint: '/v1/chat/completions' as const, body: user(parts), model: 'gpt-4.1' };
    const { inputTokens } = estimateRequest({ ...request, countTokens: countOnlyText, maxOutputTokens });
    expect(inputTokens).toBeGreaterThan(1445 + 800 + 100_000);
  });

  it('survives half characters, NUL, special tokens and parts of no known shape', () => {
    const odd = ['\ud800', '\0', '<|endoftext|><|im_start|>', [null, 1, 'text', {}, [[]]], 42, { a: 1 }];
    for (const content of odd) expect(estimate(user(content)).inputTokens).toBeGreaterThan(6);
  });
});

describe('estimateRequest for responses', () => {
  it('reads text, items and instructions', () => {
    const text = estimate({ input: 'Hello!' }, '/v1/responses');
    const items = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello!' }] }];
    expect(estimate({ input: items }, '/v1/responses')).toEqual(text);
    const instructed = estimate({ input: 'Hello!', instructions: 'Be brief.' }, '/v1/responses');
    expect(instructed.inputTokens).toBe(text.inputTokens + 4 + countTokens('Be brief.'));
    expect(estimate({ input: 'Hi', max_output_tokens: 50 }, '/v1/responses')).toMatchObject({
      outputTokens: 50,
      imposedOutputCap: null,
    });
  });

  it('counts the output of a call as text', () => {
    const item = { type: 'function_call_output', call_id: 'c', output: 'sunny '.repeat(100) };
    expect(estimate({ input: [item] }, '/v1/responses').inputTokens).toBeGreaterThanOrEqual(100);
  });
});

describe('estimateRequest for embeddings', () => {
  const embed = (input: unknown) => estimate({ input }, '/v1/embeddings', 'text-embedding-3-small');

  it('has no output and imposes no cap', () => {
    expect(embed('Hello!')).toMatchObject({ inputTokens: 2, outputTokens: 0, imposedOutputCap: null });
    expect(embed('Hello!').rerunOutputCap).toBeNull();
  });

  it('rounds every text up to four characters as the limiter does', () => {
    expect(embed('Hello!').promptCharacters).toBe(8);
    expect(embed(['Hello!', 'a', '']).promptCharacters).toBe(12);
  });

  it('takes texts, tokens and lists of tokens', () => {
    expect(embed(['Hello!', 'Hello!']).inputTokens).toBe(4);
    expect(embed([1, 2, 3])).toMatchObject({ inputTokens: 3, promptCharacters: 12 });
    expect(embed([[1, 2], [3]]).inputTokens).toBe(3);
  });
});
