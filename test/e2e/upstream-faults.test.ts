import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OpenAIUpstream } from '../../src/core/adapters/openai/upstream.ts';
import type { DeploymentConfig } from '../../src/core/config/config-schema.ts';
import type { Endpoint } from '../../src/core/jobs/job.ts';
import { classifyOutcome } from '../../src/core/retry/classify-outcome.ts';
import { type RunningSimulator, startSimulator } from '../../tools/simulator/start-simulator.ts';

let simulator: RunningSimulator;
const upstream = new OpenAIUpstream({ settings: { KEY: 'any' }, token: async () => 'unused' });

beforeAll(async () => {
  simulator = await startSimulator({ seed: 7, timeScale: 20 });
});
beforeEach(async () => {
  await fetch(`${simulator.url}/_sim/faults`, { method: 'DELETE' });
  await fetch(`${simulator.url}/_sim/report`, { method: 'DELETE' });
});
afterAll(async () => {
  upstream.close();
  await simulator.close();
});

async function script(fault: object): Promise<void> {
  const answer = await fetch(`${simulator.url}/_sim/faults`, {
    method: 'POST',
    body: JSON.stringify({ region: 'eastus', ...fault }),
  });
  expect(answer.status, await answer.text()).toBeLessThan(300);
}

async function call(
  limits: { firstByteMs?: number; totalMs?: number } = {},
  endpoint: Endpoint = '/v1/chat/completions',
) {
  const isEmbedding = endpoint === '/v1/embeddings';
  const model = isEmbedding ? 'text-embedding-3-small' : 'gpt-4.1-mini';
  const deployment: DeploymentConfig = {
    name: 'eastus',
    region: 'eastus',
    endpoint: `${simulator.url}/eastus`,
    deployment: model,
    sku: 'GlobalStandard',
    priority: 1,
    tokensPerMinute: 100_000,
    requestsPerMinute: 600,
    requestWindowSeconds: 10,
    apiKeySetting: 'KEY',
    spill: null,
    paused: false,
  };
  const chat = { messages: [{ role: 'user', content: 'Name three rivers.' }], max_tokens: 60 };
  const body = isEmbedding
    ? { input: 'rivers' }
    : endpoint === '/v1/responses'
      ? { input: 'Name three rivers.', max_output_tokens: 60 }
      : chat;
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const outcome = await upstream.call(
    {
      deployment,
      endpoint,
      body: { model, ...body },
      jobId: 'job_1',
      attempt: 1,
      traceparent,
      connectMs: 2000,
      firstByteMs: 5000,
      totalMs: 10_000,
      ...limits,
    },
    new AbortController().signal,
  );
  return classifyOutcome(endpoint, outcome, Date.now());
}

/** The bill is written when the simulator has seen how the call ended. */
async function billedCalls(expected: number): Promise<number> {
  const read = async () => {
    const report = (await (await fetch(`${simulator.url}/_sim/report`)).json()) as {
      total: { billed: { calls: number }; inFlight: number };
    };
    return report.total;
  };
  await expect.poll(async () => (await read()).billed.calls, { timeout: 60_000 }).toBe(expected);
  return (await read()).billed.calls;
}

describe('a call to the simulated service', () => {
  it.each(['/v1/chat/completions', '/v1/responses', '/v1/embeddings'] as const)(
    'of %s succeeds and is measured',
    async (endpoint) => {
      expect(await call({}, endpoint)).toMatchObject({ verdict: 'succeeded', billing: { kind: 'measured' } });
      expect(await billedCalls(1)).toBe(1);
    },
  );

  it.each<[string, object, object]>([
    ['503', { kind: 'status', status: 503 }, { verdict: 'retry-elsewhere', reason: 'server_error_503', health: 'bad' }],
    [
      '401',
      { kind: 'status', status: 401 },
      { verdict: 'retry-elsewhere', reason: 'credential_rejected', health: 'credential' },
    ],
    [
      '404',
      { kind: 'status', status: 404 },
      { verdict: 'retry-elsewhere', reason: 'deployment_not_found', health: 'configuration' },
    ],
    ['422', { kind: 'status', status: 422 }, { verdict: 'give-up', outcome: 'refused' }],
    ['a capacity 429', { kind: 'capacity' }, { verdict: 'throttled', throttle: 'capacity', health: 'none' }],
    ['a token 429', { kind: 'status', status: 429, refusal: 'tokens' }, { verdict: 'throttled', throttle: 'tokens' }],
    [
      'a request 429',
      { kind: 'status', status: 429, refusal: 'requests' },
      { verdict: 'throttled', throttle: 'requests' },
    ],
    [
      'a 429 of a day',
      { kind: 'status', status: 429, refusal: 'tokens', hint: '86400' },
      { verdict: 'throttled', throttle: 'tokens', hint: expect.anything() },
    ],
    [
      'a 429 with -1',
      { kind: 'status', status: 429, refusal: 'tokens', hint: 'minus1' },
      { verdict: 'throttled', hint: null, coolDownMs: 60_000 },
    ],
    [
      'a 429 without a hint',
      { kind: 'status', status: 429, refusal: 'requests', hint: 'missing' },
      { verdict: 'throttled', hint: null, coolDownMs: 10_000 },
    ],
    [
      'a 429 that tells in words',
      { kind: 'status', status: 429, refusal: 'tokens', hint: 'message' },
      { verdict: 'throttled', hint: { source: 'message' } },
    ],
    [
      'a 429 of 2023',
      { kind: 'status', status: 429, refusal: 'tokens', hint: 'legacy' },
      { verdict: 'throttled', hint: { source: 'x-rate-limit-reset-tokens' } },
    ],
  ])('that meets %s is judged so and costs nothing', async (_, fault, expected) => {
    await script(fault);
    expect(await call()).toMatchObject({ ...expected, billing: { kind: 'none' } });
    expect(await billedCalls(0)).toBe(0);
  });

  it('that the content filter refuses is final and billed for its input', async () => {
    await script({ kind: 'content-filter' });
    expect(await call()).toMatchObject({
      verdict: 'give-up',
      outcome: 'refused',
      reason: 'content_filter',
      billing: { kind: 'estimated', part: 'input' },
    });
    expect(await billedCalls(1)).toBe(1);
  });

  it.each<[string, object, string]>([
    ['408', { kind: 'status', status: 408 }, 'request_timeout'],
    ['a hang', { kind: 'hang' }, 'first_byte_timeout'],
    ['a hang in the body', { kind: 'hang', afterBytes: 20 }, 'total_timeout'],
    ['a drip', { kind: 'drip', bytes: 1, latencyMs: 1000 }, 'total_timeout'],
    ['a reset', { kind: 'reset' }, 'connection_reset'],
    ['a reset in the body', { kind: 'reset', afterBytes: 20 }, 'answer_truncated'],
    ['a truncated body', { kind: 'truncate' }, 'answer_truncated'],
    ['cut JSON', { kind: 'cut-json' }, 'answer_not_json'],
    ['an empty body', { kind: 'empty' }, 'answer_not_json'],
    ['HTML', { kind: 'html' }, 'answer_not_json'],
    ['50 MB', { kind: 'big-body' }, 'answer_too_large'],
  ])('that meets %s may be billed, and is', async (_, fault, reason) => {
    await script(fault);
    const limits =
      reason === 'first_byte_timeout' ? { firstByteMs: 300 } : reason === 'total_timeout' ? { totalMs: 600 } : {};
    expect(await call(limits)).toMatchObject({
      verdict: 'unknown-outcome',
      outcome: 'unknown',
      reason,
      health: 'bad',
      billing: { kind: 'estimated', part: 'all' },
    });
    expect(await billedCalls(1)).toBe(1);
  });

  it('that brings no choices is no success and is billed as it says', async () => {
    await script({ kind: 'no-choices' });
    expect(await call()).toMatchObject({
      verdict: 'unknown-outcome',
      outcome: 'failed',
      reason: 'answer_malformed',
      billing: { kind: 'measured' },
    });
    expect(await billedCalls(1)).toBe(1);
  });

  it('that brings an error inside a 200 is no success', async () => {
    await script({ kind: 'stream-error' });
    expect(await call()).toMatchObject({ verdict: 'unknown-outcome', outcome: 'unknown', reason: 'answer_error' });
    expect(await billedCalls(1)).toBe(1);
  });

  it('that brings no usage succeeds and is estimated', async () => {
    await script({ kind: 'no-usage' });
    expect(await call()).toMatchObject({ verdict: 'succeeded', billing: { kind: 'estimated', part: 'all' } });
    expect(await billedCalls(1)).toBe(1);
  });
});
