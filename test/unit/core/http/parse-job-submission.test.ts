import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalSubmission,
  type JobSubmission,
  parseJobSubmission,
} from '../../../../src/core/http/parse-job-submission.ts';

const limits = { maxBodyBytes: 1_048_576, maxOutputTokens: 4096 };
const chat = { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'Hello' }] };
const job = { endpoint: '/v1/chat/completions', body: chat };

function read(document: unknown, headers: { idempotencyKey?: string; prefer?: string } = {}) {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  return parseJobSubmission(
    {
      bytes: new TextEncoder().encode(text),
      idempotencyKey: headers.idempotencyKey ?? null,
      prefer: headers.prefer ?? null,
    },
    limits,
  );
}

function refusal(...parameters: Parameters<typeof read>) {
  const reading = read(...parameters);
  if (reading.outcome === 'accepted') throw new Error('expected a refusal');
  return reading.error;
}

function accepted(...parameters: Parameters<typeof read>): JobSubmission {
  const reading = read(...parameters);
  if (reading.outcome === 'refused') throw new Error(reading.error.message);
  return reading.submission;
}

describe('parseJobSubmission', () => {
  it('applies the defaults', () => {
    expect(accepted(job)).toEqual({
      endpoint: '/v1/chat/completions',
      body: chat,
      model: 'gpt-4.1-mini',
      lane: 'standard',
      deadlineSeconds: 3600,
      metadata: {},
      idempotencyKey: null,
      waitSeconds: 0,
    });
  });

  it('takes all five fields and both headers', () => {
    const submission = accepted(
      { ...job, priority: 'bulk', deadline_seconds: 600, metadata: { project: 'search' } },
      { idempotencyKey: 'order-1', prefer: 'respond-async, wait=30' },
    );
    expect(submission).toMatchObject({
      lane: 'bulk',
      deadlineSeconds: 600,
      metadata: { project: 'search' },
      idempotencyKey: 'order-1',
      waitSeconds: 30,
    });
  });

  it('names all unknown fields in one message', () => {
    const error = refusal({ ...job, colour: 1, tenant: 2, ['__proto__x']: 3 });
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, param: 'colour' });
    for (const name of ['colour', 'tenant', '__proto__x'])
      expect(error.message).toContain(`${name}: is not a known field`);
  });

  it.each<[string, unknown, string, string]>([
    ['no endpoint', { body: chat }, 'endpoint', 'is missing'],
    ['an unknown endpoint', { ...job, endpoint: '/v1/images' }, 'endpoint', 'received "/v1/images", only one of'],
    ['no body', { endpoint: job.endpoint }, 'body', 'is missing'],
    ['a body that is a list', { ...job, body: [] }, 'body', 'only an object is allowed'],
    ['stream', { ...job, body: { ...chat, stream: true } }, 'body.stream', 'is not allowed in a job'],
    [
      'background',
      { endpoint: '/v1/responses', body: { model: 'm', input: 'x', background: true } },
      'body.background',
      'is not allowed',
    ],
    ['a wrong priority', { ...job, priority: 'urgent' }, 'priority', 'received "urgent"'],
    ['a deadline of 0', { ...job, deadline_seconds: 0 }, 'deadline_seconds', 'at least 1'],
    ['a deadline of 86,401', { ...job, deadline_seconds: 86_401 }, 'deadline_seconds', 'at most 86400'],
    ['a fractional deadline', { ...job, deadline_seconds: 1.5 }, 'deadline_seconds', 'a whole number'],
    ['a negative deadline', { ...job, deadline_seconds: -5 }, 'deadline_seconds', 'received -5'],
    ['a deadline as text', { ...job, deadline_seconds: '600' }, 'deadline_seconds', 'received a string'],
    [
      '17 pairs',
      { ...job, metadata: Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`k${index}`, 'v'])) },
      'metadata',
      'received 17 pairs',
    ],
    ['a long key', { ...job, metadata: { ['k'.repeat(65)]: 'v' } }, 'metadata', '1 to 64 characters'],
    ['a long value', { ...job, metadata: { k: 'v'.repeat(513) } }, 'metadata.k', 'at most 512'],
    ['a value that is no text', { ...job, metadata: { k: 1 } }, 'metadata.k', 'only a string'],
    ['half a character in metadata', { ...job, metadata: { k: '\ud800' } }, 'metadata', 'well-formed'],
    ['NUL in metadata', { ...job, metadata: { k: '\0' } }, 'metadata', 'control characters'],
    ['no model', { ...job, body: { messages: chat.messages } }, 'body.model', 'is missing'],
    ['an empty model', { ...job, body: { ...chat, model: '' } }, 'body.model', 'a model name is needed'],
    ['no messages', { ...job, body: { model: 'm' } }, 'body.messages', 'is missing'],
    ['empty messages', { ...job, body: { model: 'm', messages: [] } }, 'body.messages', 'at least one message'],
    [
      'a message that is text',
      { ...job, body: { model: 'm', messages: ['secret prompt'] } },
      'body.messages[0]',
      'received a string',
    ],
    [
      'a message without a role',
      { ...job, body: { model: 'm', messages: [{ content: 'x' }] } },
      'body.messages[0].role',
      'is missing',
    ],
    [
      'a cap above the limit',
      { ...job, body: { ...chat, max_tokens: 5000 } },
      'body.max_tokens',
      'received 5000, at most 4096 (limits.maxOutputTokens)',
    ],
    [
      'the other cap above the limit',
      { ...job, body: { ...chat, max_completion_tokens: 4097 } },
      'body.max_completion_tokens',
      'received 4097, at most 4096',
    ],
    ['a negative cap', { ...job, body: { ...chat, max_tokens: -1 } }, 'body.max_tokens', 'at least 1'],
    ['n = 0', { ...job, body: { ...chat, n: 0 } }, 'body.n', 'at least 1'],
    ['n = 17', { ...job, body: { ...chat, n: 17 } }, 'body.n', 'at most 16'],
    ['no input', { endpoint: '/v1/responses', body: { model: 'm' } }, 'body.input', 'is missing'],
    [
      'a responses cap above the limit',
      { endpoint: '/v1/responses', body: { model: 'm', input: 'x', max_output_tokens: 9999 } },
      'body.max_output_tokens',
      'received 9999, at most 4096',
    ],
    [
      'an empty embedding input',
      { endpoint: '/v1/embeddings', body: { model: 'm', input: '' } },
      'body.input',
      'a text is needed',
    ],
    [
      'a mixed embedding input',
      { endpoint: '/v1/embeddings', body: { model: 'm', input: ['a', 1] } },
      'body.input',
      'only texts, or only tokens',
    ],
    [
      '2,049 embedding inputs',
      { endpoint: '/v1/embeddings', body: { model: 'm', input: Array(2049).fill('a') } },
      'body.input',
      'received 2049 inputs, at most 2048',
    ],
  ])('refuses %s', (_name, document, param, message) => {
    const error = refusal(document);
    expect(error).toMatchObject({ code: 'invalid_request', status: 400, param });
    expect(error.message).toContain(message);
  });

  it.each([
    ['max_tokens', 1e300, 'received 1e+300, at most 4096 (limits.maxOutputTokens) is allowed'],
    ['max_tokens', -1e300, 'received -1e+300, at least 1 is allowed'],
    ['n', 1e300, 'received 1e+300, at most 16 is allowed'],
  ])('tells %s of %d once, by its own limit', (field, value, told) => {
    const { message } = refusal({ ...job, body: { ...chat, [field]: value } });
    expect(message).toContain(told);
    expect(message.split('received')).toHaveLength(2);
    expect(message).not.toContain('9007199254740991');
  });

  it.each([
    ['a text', 'hello'],
    ['texts', ['a', 'b']],
    ['tokens', [1, 2, 3]],
    ['lists of tokens', [[1, 2], [3]]],
  ])('accepts %s as embedding input', (_name, input) => {
    expect(accepted({ endpoint: '/v1/embeddings', body: { model: 'm', input } }).body['input']).toEqual(input);
  });

  it('takes null where the API does', () => {
    expect(accepted({ ...job, body: { ...chat, max_tokens: null, n: null } }).model).toBe('gpt-4.1-mini');
  });

  it('never repeats content', () => {
    const error = refusal({
      ...job,
      body: { model: 'm', messages: 'secret prompt', max_tokens: 'secret cap' },
      metadata: 'secret pair',
    });
    expect(error.message).not.toContain('secret');
  });

  it('names the first twenty of very many problems', () => {
    const messages = refusal({ ...job, body: { model: 'm', messages: Array(50_000).fill(1) } }).message;
    expect(messages).toContain('body.messages[19]: received 1');
    expect(messages).not.toContain('body.messages[20]');
    const unknown = refusal({
      ...job,
      ...Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`k${index}`, 1])),
    });
    expect(unknown.message).toContain('k19: is not a known field');
    expect(unknown.message).toContain(' And 49980 more.');
    expect(unknown.message).not.toContain('k20:');
  });

  it('judges the size in bytes, before parsing', () => {
    const text = JSON.stringify({ ...job, body: { ...chat, user: '' } });
    const filled = text.replace('"user":""', `"user":"${'x'.repeat(1_048_576 - text.length)}"`);
    expect(filled).toHaveLength(1_048_576);
    expect(read(filled).outcome).toBe('accepted');
    expect(refusal(`${filled}{`)).toMatchObject({ code: 'request_too_large', status: 413 });
    expect(refusal(`${filled}{`).message).toContain('has 1048577 bytes; at most 1048576');
  });

  it.each([
    ['{"endpoint": ', 'line 1, column 14'],
    ['', 'The body is empty'],
    ['[]', 'no object'],
    ['null', 'no object'],
    [`{"body":${'['.repeat(5000)}${']'.repeat(5000)}}`, 'deeper than 64'],
    ['{"body":{"x":1e999}}', 'too large'],
  ])('refuses the text %.20s', (text, message) => {
    expect(refusal(text).message).toContain(message);
  });

  it('refuses bytes that are not UTF-8', () => {
    const reading = parseJobSubmission(
      { bytes: Uint8Array.of(0x7b, 0xff, 0x7d), idempotencyKey: null, prefer: null },
      limits,
    );
    expect(reading).toMatchObject({ outcome: 'refused', error: { status: 400 } });
  });

  it('treats __proto__ as any unknown field and keeps it harmless inside the body', () => {
    expect(refusal('{"__proto__":{"endpoint":"/v1/embeddings"}}').message).toContain('__proto__: is not a known field');
    const body = `{"model":"m","messages":[{"role":"user","content":"x"}],"__proto__":{"stream":true}}`;
    const submission = accepted(
      `{"endpoint":"/v1/chat/completions","body":${body},"metadata":{"__proto__":"x","a":"b"}}`,
    );
    expect(JSON.stringify(submission.body)).toBe(body);
    expect(submission.metadata).toEqual({ a: 'b' });
    expect(Object.getPrototypeOf(submission.metadata)).toBe(Object.prototype);
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(256), 'tab\t'])('refuses the idempotency key %j', (idempotencyKey) => {
    expect(refusal(job, { idempotencyKey })).toMatchObject({ status: 400, param: 'Idempotency-Key' });
  });

  it('takes idempotency keys of 1 and 255 characters', () => {
    expect(accepted(job, { idempotencyKey: '~' }).idempotencyKey).toBe('~');
    expect(accepted(job, { idempotencyKey: 'k'.repeat(255) }).idempotencyKey).toHaveLength(255);
  });

  it.each(['wait=31', 'wait=-1', 'wait=1.5', 'wait', 'wait=abc', 'wait='])('refuses Prefer: %s', (prefer) => {
    expect(refusal(job, { prefer })).toMatchObject({ status: 400, param: 'Prefer' });
    expect(refusal(job, { prefer }).message).toContain(`received ${prefer},`);
  });

  it('ignores preferences it does not know', () => {
    expect(accepted(job, { prefer: 'handling=lenient; foo, Wait=5' }).waitSeconds).toBe(5);
  });
});

describe('canonicalSubmission', () => {
  it('is the same whatever the order of keys and whether defaults are spelled out', () => {
    const reordered = {
      metadata: {},
      body: { messages: chat.messages, model: chat.model },
      priority: 'standard',
      deadline_seconds: 3600,
      endpoint: job.endpoint,
    };
    expect(canonicalSubmission(accepted(reordered))).toBe(canonicalSubmission(accepted(job)));
  });

  it('differs when any of the five fields differs', () => {
    const embedding = { endpoint: '/v1/embeddings', body: { model: 'm', input: 'x' } };
    const variants = [
      job,
      { ...job, priority: 'bulk' },
      { ...job, deadline_seconds: 60 },
      { ...job, metadata: { a: 'b' } },
      { ...job, body: { ...chat, temperature: 0 } },
      embedding,
      { ...embedding, body: { model: 'm', input: ['x'] } },
    ];
    expect(new Set(variants.map((variant) => canonicalSubmission(accepted(variant)))).size).toBe(variants.length);
  });

  it('is JSON of the same value, with keys in order', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const submission = { ...accepted(job), body: { ...chat, extra: JSON.parse(text) } };
        const canonical = canonicalSubmission(submission);
        expect(JSON.parse(canonical).body).toEqual(JSON.parse(JSON.stringify(submission.body)));
      }),
    );
  });
});
