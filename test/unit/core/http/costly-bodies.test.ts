import { describe, expect, it } from 'vitest';
import { makeTokenCounter } from '../../../../src/core/adapters/gpt-tokenizer/token-counter.ts';
import { parsePrefer } from '../../../../src/core/http/parse-headers.ts';
import { parseJobSubmission } from '../../../../src/core/http/parse-job-submission.ts';
import { readCredential } from '../../../../src/core/identity/read-credential.ts';
import { parseRetryHint } from '../../../../src/core/retry/parse-retry-hint.ts';
import { estimateRequest } from '../../../../src/core/tokens/estimate-request.ts';

// What is quadratic in a mebibyte takes minutes: such a test runs into vitest's limit of seconds, without a clock of its own.
const bytes = 1_000_000;
const fill = (unit: string) => unit.repeat(Math.floor(bytes / unit.length));
const many = <T>(count: number, item: T): T[] => Array.from({ length: count }, () => item);
const job = (body: unknown) => JSON.stringify({ endpoint: '/v1/chat/completions', body });
const chat = (content: unknown) => job({ model: 'gpt-4.1-mini', messages: [{ role: 'user', content }] });
const limits = { maxBodyBytes: 2 * bytes, maxOutputTokens: 4096 };

describe('a body of a mebibyte that is made to be costly', () => {
  it.each<[string, string]>([
    ['runs one short of those that are cut', chat(fill(`${'a'.repeat(255)} `))],
    ['blanks one short of those that are cut', chat(fill(`${' '.repeat(255)}a`))],
    ['one letter', chat('a'.repeat(bytes))],
    ['digits', chat(fill('1234567890'))],
    ['line ends', chat('\n'.repeat(bytes / 2))],
    ['punctuation', chat(fill("'s've!?.,;:-"))],
    ['joined emoji', chat(fill('👩‍👩‍👧‍👦').slice(0, bytes / 4))],
    ['many parts', chat(many(25_000, { type: 'text', text: 'a' }))],
    [
      'many images',
      chat(many(15_000, { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } })),
    ],
    ['many messages', job({ model: 'gpt-4.1-mini', messages: many(50_000, { role: 'user', content: '' }) })],
  ])('is estimated: %s', async (_what, text) => {
    const reading = parseJobSubmission(
      { bytes: new TextEncoder().encode(text), idempotencyKey: null, prefer: null },
      limits,
    );
    if (reading.outcome === 'refused') throw reading.error;
    const { endpoint, model, body } = reading.submission;
    const countTokens = await makeTokenCounter().load(model);
    const { maxOutputTokens } = limits;
    const estimate = estimateRequest({ endpoint, model, body, countTokens, maxOutputTokens, learnedOutputCap: null });
    expect(estimate.inputTokens).toBeGreaterThan(1000);
  });

  it.each<[string, string]>([
    ['escaped quotes without end', `{"a":"${'\\"'.repeat(bytes / 2)}`],
    ['blanks without end', `{"a":${' '.repeat(bytes)}`],
    ['a number without end', `[${'1'.repeat(bytes)}x]`],
    ['signs', `[${'-'.repeat(bytes)}`],
    ['a list without end', `[${'1,'.repeat(bytes / 2)}`],
    ['brackets', '['.repeat(bytes)],
    ['unknown fields', JSON.stringify(Object.fromEntries(many(60_000, 0).map((_, index) => [`k${index}`, 1])))],
    ['refused tools', job({ model: 'm', messages: [{ role: 'user' }], tools: many(40_000, { type: 'x' }) })],
  ])('is refused with a short message: %s', (_what, text) => {
    const request = { bytes: new TextEncoder().encode(text), idempotencyKey: null, prefer: null };
    const reading = parseJobSubmission(request, limits);
    if (reading.outcome !== 'refused') throw new Error('expected a refusal');
    expect(reading.error.message.length).toBeLessThan(3000);
  });
});

describe('a long header', () => {
  const long = 60_000;
  it.each([
    `Bearer ${' '.repeat(long)}x${' '.repeat(long)}y`,
    `Bearer ${'x'.repeat(long)}`,
    `Bearer ${'a.'.repeat(long)}`,
    `Bearer ${' '.repeat(long)}`,
  ])('is no credential (%#)', (authorization) => {
    // Not a Headers: that would trim it.
    const headers = { get: (name: string) => (name === 'authorization' ? authorization : null) };
    expect(readCredential(headers, false).kind).toBe('refused');
  });

  it('is read to its end as a preference and as a hint of the service', () => {
    expect(parsePrefer(`${'respond-async,'.repeat(long)}wait=5`)).toMatchObject({ waitSeconds: 5 });
    const headers = { 'retry-after': '1'.repeat(long), 'x-ratelimit-reset-tokens': '1h'.repeat(long) };
    expect(parseRetryHint(headers, 'retry after '.repeat(long), 'tokens', 0)?.coolDownMs ?? null).not.toBeNaN();
  });
});
