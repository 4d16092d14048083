import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../../src/core/jobs/job.ts';
import { classifyOutcome } from '../../../../src/core/retry/classify-outcome.ts';
import type { UpstreamFault, UpstreamOutcome } from '../../../../src/core/routing/upstream.ts';

const chatUsage = {
  prompt_tokens: 10,
  completion_tokens: 5,
  total_tokens: 15,
  prompt_tokens_details: { cached_tokens: 4 },
  completion_tokens_details: { reasoning_tokens: 2 },
};
const usage = { inputTokens: 10, cachedInputTokens: 4, outputTokens: 5, reasoningTokens: 2 };
const chat = {
  choices: [{ index: 0, message: { role: 'assistant', content: 'hi' }, finish_reason: 'stop' }],
  usage: chatUsage,
};

function answered(statusCode: number, body: unknown, headers: Record<string, string> = {}): UpstreamOutcome {
  return {
    kind: 'answered',
    statusCode,
    headers,
    requestId: null,
    body,
    text: JSON.stringify(body),
    firstByteMs: 5,
    latencyMs: 9,
  };
}
function unanswered(fault: UpstreamFault, sent: boolean, statusCode: number | null = null): UpstreamOutcome {
  return { kind: 'unanswered', fault, sent, statusCode, latencyMs: 9 };
}
const judge = (outcome: UpstreamOutcome, endpoint: Endpoint = '/v1/chat/completions') =>
  classifyOutcome(endpoint, outcome, 0);

describe('a 200', () => {
  it('succeeds with its usage and finish reasons', () => {
    expect(judge(answered(200, chat))).toMatchObject({
      verdict: 'succeeded',
      outcome: 'succeeded',
      reason: null,
      health: 'good',
      finishReasons: ['stop'],
      billing: { kind: 'measured', usage },
      error: null,
    });
  });
  it('succeeds when the content filter cut the answer, which is billed', () => {
    const cut = { ...chat, choices: [{ ...chat.choices[0], finish_reason: 'content_filter' }] };
    expect(judge(answered(200, cut))).toMatchObject({
      verdict: 'succeeded',
      finishReasons: ['content_filter'],
      billing: { kind: 'measured' },
    });
  });
  it.each([
    ['no usage', undefined],
    ['negative usage', { prompt_tokens: -1, completion_tokens: 5 }],
    ['fractional usage', { prompt_tokens: 1.5, completion_tokens: 5 }],
    ['usage as text', { prompt_tokens: '10', completion_tokens: 5 }],
    ['more cached than input', { prompt_tokens: 1, completion_tokens: 5, prompt_tokens_details: { cached_tokens: 2 } }],
  ])('is accounted by estimate with %s', (_, reported) => {
    expect(judge(answered(200, { ...chat, usage: reported }))).toMatchObject({
      verdict: 'succeeded',
      billing: { kind: 'estimated', part: 'all' },
    });
  });
  it.each([
    ['choices: []', { choices: [] }, 'answer_malformed'],
    ['no choices', { id: 'x' }, 'answer_malformed'],
    ['choices without a message', { choices: [{ index: 0 }] }, 'answer_malformed'],
    ['a list', [], 'answer_malformed'],
    ['null', null, 'answer_malformed'],
    ['an error object', { error: { code: 'x', message: 'CANARY' } }, 'answer_error'],
    [
      'an error object beside choices',
      { ...chat, usage: undefined, error: { code: 'x', message: 'CANARY' } },
      'answer_error',
    ],
  ])('with %s is no success, and nobody knows what it cost', (_, body, reason) => {
    const judged = judge(answered(200, body));
    expect(judged).toMatchObject({
      verdict: 'unknown-outcome',
      outcome: 'unknown',
      reason,
      health: 'bad',
      billing: { kind: 'estimated', part: 'all' },
      error: { code: 'upstream_error' },
    });
    expect(JSON.stringify(judged)).not.toContain('CANARY');
  });
  it('without choices but with usage costs what it says', () => {
    expect(judge(answered(200, { choices: [], usage: chatUsage }))).toMatchObject({
      verdict: 'unknown-outcome',
      outcome: 'failed',
      billing: { kind: 'measured', usage },
    });
  });
  it('of the Responses API is read by its status', () => {
    const reported = {
      input_tokens: 10,
      output_tokens: 5,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens_details: { reasoning_tokens: 2 },
    };
    const output = [{ type: 'message' }];
    const of = (body: object) => judge(answered(200, { usage: reported, ...body }), '/v1/responses');
    expect(of({ status: 'completed', output, error: null })).toMatchObject({
      verdict: 'succeeded',
      billing: { kind: 'measured', usage },
    });
    expect(of({ status: 'incomplete', output: [], incomplete_details: { reason: 'max_output_tokens' } })).toMatchObject(
      { verdict: 'succeeded', finishReasons: ['max_output_tokens'] },
    );
    expect(of({ status: 'failed', output: [] })).toMatchObject({ verdict: 'unknown-outcome', reason: 'answer_error' });
    expect(of({ status: 'queued', output: [] })).toMatchObject({
      verdict: 'unknown-outcome',
      reason: 'answer_malformed',
    });
  });
  it('of embeddings needs a vector in every entry', () => {
    const of = (data: unknown) =>
      judge(answered(200, { data, usage: { prompt_tokens: 8, total_tokens: 8 } }), '/v1/embeddings');
    expect(of([{ embedding: [0.1] }])).toMatchObject({
      verdict: 'succeeded',
      billing: { usage: { inputTokens: 8, outputTokens: 0 } },
    });
    expect(of([{ embedding: 'AACAPw==' }])).toMatchObject({ verdict: 'succeeded' });
    for (const wrong of [[], [{}], [{ embedding: [] }], [{ embedding: [0.1] }, { embedding: null }], 'x']) {
      expect(of(wrong)).toMatchObject({ verdict: 'unknown-outcome', reason: 'answer_malformed' });
    }
  });
  it('that was spilled over names where from', () => {
    expect(judge(answered(200, chat, { 'x-ms-spillover-from-ptu-east': 'true' })).spilloverFrom).toBe('ptu-east');
    expect(judge(answered(200, chat)).spilloverFrom).toBeNull();
  });
});

describe('a 429', () => {
  it('is a deferral without a mark on the region and without cost', () => {
    expect(
      judge(answered(429, { error: { code: '429', message: 'exceeded token rate limit' } }, { 'retry-after': '9' })),
    ).toMatchObject({
      verdict: 'throttled',
      outcome: 'throttled',
      reason: 'throttled_tokens',
      health: 'none',
      coolDownMs: 9000,
      billing: { kind: 'none' },
    });
  });
  it('for lack of capacity is told apart', () => {
    expect(
      judge(
        answered(429, {
          error: { message: 'The system is currently experiencing high demand. Please retry after 20 seconds.' },
        }),
      ),
    ).toMatchObject({ throttle: 'capacity', reason: 'throttled_capacity', coolDownMs: 20_000 });
  });
  it('without any hint cools for as long as its limit may need', () => {
    expect(judge(answered(429, null)).coolDownMs).toBe(60_000);
    expect(judge(answered(429, null, { 'policy-id': 'DeploymentRatelimit-Call' })).coolDownMs).toBe(10_000);
  });
  it('that says "at once" is left alone for a second all the same', () => {
    expect(judge(answered(429, null, { 'retry-after': '0' }))).toMatchObject({ coolDownMs: 1000, hint: { hintMs: 0 } });
  });
  it('whose body never came is a 429 all the same', () => {
    expect(judge(unanswered('truncated', true, 429))).toMatchObject({
      verdict: 'throttled',
      billing: { kind: 'none' },
    });
  });
});

describe('a refusal', () => {
  it.each([
    [
      400,
      { error: { code: 'content_filter', message: 'CANARY' } },
      'content_filter',
      { kind: 'estimated', part: 'input' },
    ],
    [
      400,
      { error: { code: null, innererror: { code: 'ResponsibleAIPolicyViolation' } } },
      'content_filter',
      { kind: 'estimated', part: 'input' },
    ],
    [
      400,
      { error: { code: 'context_length_exceeded', message: 'CANARY' } },
      'context_length_exceeded',
      { kind: 'estimated', part: 'input' },
    ],
    [400, { error: { message: 'CANARY', code: 'CANARY with spaces' } }, 'invalid_request', { kind: 'none' }],
    [400, null, 'invalid_request', { kind: 'none' }],
    [413, null, 'invalid_request', { kind: 'none' }],
    [422, { error: { code: 'unprocessable' } }, 'unprocessable', { kind: 'none' }],
    [424, null, 'invalid_request', { kind: 'none' }],
  ])('%s %j is final', (statusCode, body, code, billing) => {
    const judged = judge(answered(statusCode, body));
    expect(judged).toMatchObject({
      verdict: 'give-up',
      outcome: 'refused',
      reason: code,
      billing,
      health: 'good',
      error: { type: 'invalid_request_error', code },
    });
    expect(JSON.stringify(judged)).not.toContain('CANARY');
  });
  it.each([401, 403])('%s blames the credential and goes elsewhere', (statusCode) => {
    expect(judge(answered(statusCode, null))).toMatchObject({
      verdict: 'retry-elsewhere',
      outcome: 'failed',
      health: 'credential',
      billing: { kind: 'none' },
      notice: { name: 'credential_rejected' },
    });
  });
  it.each([
    [404, { error: { code: 'DeploymentNotFound' } }],
    [404, null],
    [302, null],
  ])('%s %j blames the configuration and goes elsewhere', (statusCode, body) => {
    expect(judge(answered(statusCode, body))).toMatchObject({
      verdict: 'retry-elsewhere',
      health: 'configuration',
      billing: { kind: 'none' },
      notice: { name: 'deployment_misconfigured' },
    });
  });
  it("of an operation that the model does not serve is the caller's 400 and says nothing about the deployment", () => {
    expect(judge(answered(400, { error: { code: 'OperationNotSupported' } }))).toMatchObject({
      verdict: 'give-up',
      outcome: 'refused',
      health: 'none',
      billing: { kind: 'none' },
      notice: null,
      error: { type: 'invalid_request_error', code: 'OperationNotSupported' },
    });
  });
  it('408 may be billed', () => {
    expect(judge(answered(408, null))).toMatchObject({
      verdict: 'unknown-outcome',
      outcome: 'unknown',
      billing: { kind: 'estimated', part: 'all' },
      error: { code: 'upstream_timeout' },
    });
  });
  it.each([500, 502, 503])('%s counts against the region and is free', (statusCode) => {
    expect(judge(answered(statusCode, null))).toMatchObject({
      verdict: 'retry-elsewhere',
      outcome: 'failed',
      health: 'bad',
      billing: { kind: 'none' },
      error: { code: 'upstream_error' },
    });
  });
  it('503 with a hint keeps it', () => {
    expect(judge(answered(503, null, { 'retry-after': '4' })).coolDownMs).toBe(4000);
    expect(judge(answered(503, null)).coolDownMs).toBeNull();
    expect(judge(answered(503, null, { 'retry-after': '86400' })).coolDownMs).toBe(60_000);
    expect(judge(answered(429, null, { 'retry-after': '86400' })).coolDownMs).toBe(60_000);
  });
  it('504 is a timeout', () => {
    expect(judge(answered(504, null)).error?.code).toBe('upstream_timeout');
  });
  it('by the content filter names its categories and nothing of the prompt', () => {
    const outcome = answered(400, { error: { code: 'content_filter', message: 'CANARY' } });
    const judged = judge({ ...outcome, filteredCategories: ['violence', 'hate'] } as UpstreamOutcome);
    expect(judged.error?.message).toContain('(violence, hate)');
    expect(judge(outcome).error?.message).toContain('refused the prompt. Change');
  });
});

describe('no answer', () => {
  it.each([
    ['dns', 'upstream_error'],
    ['connect', 'upstream_error'],
    ['certificate', 'upstream_error'],
    ['connect_timeout', 'upstream_timeout'],
    ['reset', 'upstream_error'],
  ] as const)('before anything was sent (%s) is free and goes elsewhere', (fault, code) => {
    expect(judge(unanswered(fault, false))).toMatchObject({
      verdict: 'retry-elsewhere',
      outcome: 'failed',
      health: 'bad',
      billing: { kind: 'none' },
      error: { code },
    });
  });
  it.each([
    ['reset', null, 'upstream_error'],
    ['truncated', 200, 'upstream_error'],
    ['too_large', 200, 'upstream_error'],
    ['not_json', 200, 'upstream_error'],
    ['first_byte_timeout', null, 'upstream_timeout'],
    ['total_timeout', 200, 'upstream_timeout'],
  ] as const)('after it was sent (%s) may be billed', (fault, statusCode, code) => {
    expect(judge(unanswered(fault, true, statusCode))).toMatchObject({
      verdict: 'unknown-outcome',
      outcome: 'unknown',
      health: 'bad',
      billing: { kind: 'estimated', part: 'all' },
      error: { code },
    });
  });
  it('without a credential says nothing about the region', () => {
    expect(judge(unanswered('credential', false))).toMatchObject({
      verdict: 'retry-elsewhere',
      health: 'none',
      notice: { name: 'credential_unavailable' },
    });
  });
  it.each([
    [true, { kind: 'estimated', part: 'all' }],
    [false, { kind: 'none' }],
  ])('because we ended it (sent: %s) gives up', (sent, billing) => {
    expect(judge(unanswered('aborted', sent))).toMatchObject({
      verdict: 'give-up',
      outcome: 'aborted',
      health: 'none',
      billing,
    });
  });
});
