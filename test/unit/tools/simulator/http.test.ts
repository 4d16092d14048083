import OpenAI, { AzureOpenAI } from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SimulatorReport } from '../../../../tools/simulator/report.ts';
import type { RunningSimulator, SimulatorOptions } from '../../../../tools/simulator/start-simulator.ts';
import { startSimulator } from '../../../../tools/simulator/start-simulator.ts';

const CHAT = {
  model: 'gpt-4.1-mini',
  messages: [{ role: 'user' as const, content: 'Explain the export in 30 words.' }],
};

let simulator: RunningSimulator;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.close());

async function restart(options: SimulatorOptions): Promise<void> {
  await simulator.close();
  simulator = await startSimulator(options);
}

function client(region = 'eastus'): OpenAI {
  return new OpenAI({ baseURL: `${simulator.url}/${region}/openai/v1`, apiKey: 'any', maxRetries: 0 });
}

function post(
  path: string,
  body: unknown,
  headers: { [name: string]: string } = { 'api-key': 'any' },
): Promise<Response> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(simulator.url + path, { method: 'POST', headers, body: text });
}

async function report(): Promise<SimulatorReport> {
  return (await (await fetch(`${simulator.url}/_sim/report`)).json()) as SimulatorReport;
}

async function limit(limits: object): Promise<void> {
  expect((await post('/_sim/limits', limits)).status).toBe(200);
}

describe('the OpenAI SDK', () => {
  it('gets a chat completion with Azure fields, usage and headers', async () => {
    const { data, response } = await client()
      .chat.completions.create({ ...CHAT, max_tokens: 500 })
      .withResponse();
    expect(data.choices[0]!.message.content!.length).toBeGreaterThan(50);
    expect(data.choices[0]!.finish_reason).toBe('stop');
    expect(data.usage).toMatchObject({ prompt_tokens_details: { cached_tokens: 0 } });
    expect(data.usage!.total_tokens).toBe(data.usage!.prompt_tokens + data.usage!.completion_tokens);
    expect(data).toHaveProperty('prompt_filter_results');
    expect(response.headers.get('x-ms-region')).toBe('eastus');
    expect(response.headers.get('x-ratelimit-limit-requests')).toBe('100');
    expect(response.headers.get('x-ratelimit-remaining-tokens')).toBe(String(100_000 - 500 - 8 - 1));
    expect(response.headers.get('apim-request-id')).toBeTruthy();
  });

  it('streams the same text as it gets in one piece, with usage at the end', async () => {
    const whole = await client().chat.completions.create({ ...CHAT, n: 2 });
    const texts = ['', ''];
    let usage: OpenAI.CompletionUsage | null | undefined;
    const stream = await client().chat.completions.create({
      ...CHAT,
      n: 2,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) {
      for (const choice of chunk.choices) texts[choice.index] += choice.delta.content ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(texts).toEqual(whole.choices.map((choice) => choice.message.content));
    expect(usage?.completion_tokens).toBe(whole.usage!.completion_tokens);
  });

  it('assembles a forced tool call from a stream', async () => {
    const stream = client().chat.completions.stream({
      ...CHAT,
      tools: [
        {
          type: 'function',
          function: {
            name: 'find',
            parameters: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] },
          },
        },
      ],
      tool_choice: 'required',
    });
    const final = await stream.finalChatCompletion();
    const call = final.choices[0]!.message.tool_calls![0]!;
    expect(call).toMatchObject({ type: 'function', function: { name: 'find' } });
    expect(JSON.parse(call.type === 'function' ? call.function.arguments : '')).toHaveProperty('n');
  });

  it('gets embeddings as base64 and as numbers alike, and shortened on request', async () => {
    const input = ['reset my password', 'quarterly report'];
    const model = 'text-embedding-3-small';
    const decoded = await client().embeddings.create({ model, input });
    const plain = await client().embeddings.create({ model, input, encoding_format: 'float' });
    expect(decoded.data.map((one) => one.embedding.length)).toEqual([1536, 1536]);
    for (const [index, value] of plain.data[1]!.embedding.entries()) {
      expect(decoded.data[1]!.embedding[index]).toBeCloseTo(value, 6);
    }
    expect(decoded.usage.prompt_tokens).toBe(6);
    const short = await client().embeddings.create({ model, input: 'x', dimensions: 64 });
    expect(short.data[0]!.embedding).toHaveLength(64);
  });

  it('gets responses, whole, streamed and in the background', async () => {
    const request = { model: 'gpt-4.1-mini', input: 'Explain the export in 30 words.' };
    const whole = await client().responses.create(request);
    expect(whole.output_text.length).toBeGreaterThan(50);
    expect(whole.usage!.output_tokens).toBeGreaterThan(10);
    const events: string[] = [];
    let text = '';
    for await (const event of await client().responses.create({ ...request, stream: true })) {
      events.push(event.type);
      if (event.type === 'response.output_text.delta') text += event.delta;
    }
    expect(text).toBe(whole.output_text);
    expect(events[0]).toBe('response.created');
    expect(events.at(-1)).toBe('response.completed');
    const queued = await client().responses.create({ ...request, background: true });
    expect(queued.status).toBe('queued');
    expect((await client().responses.retrieve(queued.id)).output_text).toBe(whole.output_text);
    await expect(client('westeurope').responses.retrieve(queued.id)).rejects.toMatchObject({ status: 404 });
    await client().responses.delete(queued.id);
    await expect(client().responses.retrieve(queued.id)).rejects.toMatchObject({ status: 404 });
  });

  it('cancels a background response that is under way, for good', async () => {
    await restart({ latency: { firstTokenMs: 60_000, tokenMs: 1, embeddingMs: 0, jitter: 0 } });
    const queued = await client().responses.create({ model: 'gpt-4.1-mini', input: 'hello', background: true });
    expect((await client().responses.cancel(queued.id)).status).toBe('cancelled');
    expect((await client().responses.cancel(queued.id)).status).toBe('cancelled');
  });

  it('tells an answer that was cut by its maximum', async () => {
    const cut = await client().responses.create({
      model: 'gpt-4.1-mini',
      input: 'Write 900 words',
      max_output_tokens: 20,
    });
    expect(cut).toMatchObject({ status: 'incomplete', incomplete_details: { reason: 'max_output_tokens' } });
    expect(cut.usage!.output_tokens).toBe(20);
  });
});

describe('the dated address', () => {
  it('serves AzureOpenAI, and requires an api-version', async () => {
    const azure = new AzureOpenAI({
      endpoint: `${simulator.url}/westeurope`,
      apiKey: 'any',
      apiVersion: '2024-10-21',
      maxRetries: 0,
    });
    expect((await azure.chat.completions.create(CHAT)).choices).toHaveLength(1);
    expect((await azure.responses.create({ model: 'gpt-4.1-mini', input: 'hello' })).status).toBe('completed');
    const plain = await post('/westeurope/openai/deployments/gpt-4.1-mini/chat/completions', CHAT);
    expect(plain.status).toBe(404);
  });

  it('works without the region in front on a region’s own port', async () => {
    await restart({ regionPorts: true });
    const baseURL = `${simulator.regionUrls['eastasia']}/openai/v1`;
    const own = new OpenAI({ baseURL, apiKey: 'any', maxRetries: 0 });
    const { response } = await own.chat.completions.create(CHAT).withResponse();
    expect(response.headers.get('x-ms-region')).toBe('eastasia');
  });
});

describe('a refusal', () => {
  it("is Azure's 400 where the operation and the model do not go together", async () => {
    const chat = { model: 'text-embedding-3-small', messages: [{ role: 'user' as const, content: 'hello' }] };
    for (const [call, operation, model] of [
      [() => client().chat.completions.create(chat), 'chatCompletion', 'text-embedding-3-small'],
      [() => client().embeddings.create({ model: 'gpt-4.1-mini', input: 'x' }), 'embeddings', 'gpt-4.1-mini'],
    ] as const) {
      const refused = await call().catch((error: unknown) => error);
      expect(refused).toMatchObject({ status: 400, code: 'OperationNotSupported' });
      expect(String(refused)).toContain(
        `The ${operation} operation does not work with the specified model, ${model}. Please choose different model`,
      );
    }
  });

  it('is Azure’s 401 without a key, with the wrong one, and with two that differ', async () => {
    expect((await post('/eastus/openai/v1/chat/completions', CHAT, {})).status).toBe(401);
    await restart({ key: 'right' });
    const path = '/eastus/openai/v1/chat/completions';
    expect((await post(path, CHAT, { 'api-key': 'wrong' })).status).toBe(401);
    expect((await post(path, CHAT, { 'api-key': 'right', authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await post(path, CHAT, { authorization: 'Bearer right' })).status).toBe(200);
    expect((await report()).total).toMatchObject({ rejected: { unauthorized: 2 }, billed: { calls: 1 } });
  });

  it('is DeploymentNotFound for an unknown deployment', async () => {
    const response = await post('/eastus/openai/v1/chat/completions', { ...CHAT, model: 'gpt-9' });
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ error: { code: 'DeploymentNotFound' } });
  });

  it.each([
    ['{', null],
    ['[]', null],
    [{ model: 'gpt-4.1-mini' }, 'messages'],
    [{ ...CHAT, messages: [] }, 'messages'],
    [{ ...CHAT, messages: [{ role: 'user' }] }, 'messages[0].content'],
    [{ ...CHAT, messages: [{ role: 'king', content: 'x' }] }, 'messages[0].role'],
    [{ ...CHAT, max_tokens: 0 }, 'max_tokens'],
    [{ ...CHAT, max_tokens: 1.5 }, 'max_tokens'],
    [{ ...CHAT, n: 129 }, 'n'],
    [{ ...CHAT, temperature: 3 }, 'temperature'],
    [{ ...CHAT, stream: 'yes' }, 'stream'],
    [{ ...CHAT, stream_options: { include_usage: true } }, 'stream_options'],
  ])('is a 400 that names the field: %j', async (body, param) => {
    const response = await post('/eastus/openai/v1/chat/completions', body);
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ error: { param } });
    expect((await report()).total).toMatchObject({ admitted: 0, billed: { calls: 0 } });
  });

  it('is a 429 that tells the way out when tokens are used up, and is not billed', async () => {
    await limit({ tokensPerMinute: 1000 });
    await client().chat.completions.create({ ...CHAT, max_tokens: 900 });
    const refused = await client()
      .chat.completions.create({ ...CHAT, max_tokens: 900 })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OpenAI.RateLimitError);
    if (!(refused instanceof OpenAI.RateLimitError)) return;
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(50);
    expect(refused.headers.get('policy-id')).toBe('DeploymentRatelimit-Token');
    const { total, regions } = await report();
    expect(total).toMatchObject({ received: 2, admitted: 1, refused: { tokens: 1 }, billed: { calls: 1 } });
    expect(total.peaks.charged.in60Seconds).toEqual({ tokens: 909, requests: 1 });
    expect(total.peaks.received.in60Seconds).toEqual({ tokens: 1818, requests: 2 });
    const deployment = regions[0]!.deployments[0]!;
    expect(deployment.overLimit).toEqual({ tokensIn60Seconds: 1, requestsInSlice: 0 });
  });

  it('takes the form that the limits route sets', async () => {
    await limit({ requestsPerMinute: 1, requestWindowSeconds: 1, hints: 'missing' });
    const refused = (
      await Promise.all([
        post('/eastus/openai/v1/chat/completions', CHAT),
        post('/eastus/openai/v1/chat/completions', CHAT),
      ])
    ).find((response) => response.status === 429);
    expect(refused?.headers.get('retry-after')).toBeNull();
    expect((await report()).total.refused.requests).toBe(1);
  });
});

it('corrects a provisioned deployment to the actual tokens when the call has ended, a Standard one never', async () => {
  const remaining = async () => (await report()).regions[0]!.deployments[0]!.headroom.remainingTokens;
  await limit({ sku: 'GlobalProvisionedManaged', tokensPerMinute: 100_000 });
  await client().chat.completions.create({ ...CHAT, max_tokens: 50_000 });
  await expect.poll(remaining, { timeout: 60_000 }).toBeGreaterThan(99_000);
  await limit({ sku: 'Standard' });
  await client().chat.completions.create({ ...CHAT, max_tokens: 50_000 });
  expect(await remaining()).toBeLessThan(50_000);
});

describe('another application on the deployment', () => {
  it('takes quota that is then missing, and is reported apart', async () => {
    const taken = await post('/_sim/load', {
      region: 'eastus',
      deployment: 'gpt-4.1-mini',
      tokens: 99_900,
      requests: 2,
    });
    expect(await taken.json()).toEqual({ taken: { tokens: 99_900, requests: 2 } });
    expect((await post('/eastus/openai/v1/chat/completions', CHAT)).status).toBe(429);
    const deployment = (await report()).regions[0]!.deployments[0]!;
    expect(deployment.otherLoad).toEqual({ tokens: 99_900, requests: 2 });
    expect(deployment.chargedTokens).toBe(0);
  });
});

describe('the log', () => {
  it('keeps what tells requests apart and nothing that was said', async () => {
    const headers = {
      'api-key': 'any',
      'x-ms-client-request-id': 'c-1',
      'x-weir-job': 'job_1',
      'x-weir-attempt': '2',
      traceparent: '00-a-b-01',
    };
    const response = await post('/eastus/openai/v1/chat/completions', CHAT, headers);
    expect(response.headers.get('x-ms-client-request-id')).toBe('c-1');
    const text = await (await fetch(`${simulator.url}/_sim/requests?limit=5`)).text();
    expect(JSON.parse(text).data[0]).toMatchObject({
      region: 'eastus',
      deployment: 'gpt-4.1-mini',
      status: 200,
      clientRequestId: 'c-1',
      traceparent: '00-a-b-01',
      job: 'job_1',
      attempt: '2',
      outcome: 'succeeded',
      billed: true,
      isUsageSeen: true,
    });
    expect(text).not.toContain('export');
    expect((await fetch(`${simulator.url}/_sim/requests?limit=x`)).status).toBe(400);
  });

  it('starts anew on DELETE, with quota as it was', async () => {
    await post('/eastus/openai/v1/chat/completions', CHAT);
    await fetch(`${simulator.url}/_sim/report`, { method: 'DELETE' });
    const { total, regions } = await report();
    expect(total).toMatchObject({ received: 0, chargedTokens: 0, billed: { calls: 0 } });
    expect(regions[0]!.deployments[0]!.headroom.remainingTokens).toBeLessThan(100_000);
  });

  it('adds up: every request received has one outcome', async () => {
    await limit({ deployment: 'gpt-4.1-mini', tokensPerMinute: 3000 });
    await post('/_sim/faults', { kind: 'status', status: 503, probability: 0.3 });
    const path = '/eastus/openai/v1/chat/completions';
    await Promise.all(Array.from({ length: 40 }, () => post(path, CHAT).then((response) => response.text())));
    const { total, regions } = await report();
    const refused = Object.values(total.refused).reduce((sum, one) => sum + one, 0);
    expect(total.succeeded + total.failed + refused).toBe(40);
    expect(total.received).toBe(40);
    expect(total.inFlight).toBe(0);
    expect(total.billed.calls).toBe(total.succeeded);
    expect(regions[0]!.deployments[0]!.received).toBe(40);
    expect(regions[0]!.received).toBe(40);
  });
});

describe('the command routes', () => {
  it('say what is allowed', async () => {
    const wrong = await post('/_sim/faults', { kind: 'hang', region: 'mars' });
    expect(wrong.status).toBe(400);
    expect(await wrong.text()).toContain('eastus, westeurope, eastasia');
    expect((await post('/_sim/faults', '{')).status).toBe(400);
    expect((await post('/_sim/limits', { tokensPerMinute: -1 })).status).toBe(400);
    expect((await post('/_sim/limits', { deployment: 'x' })).status).toBe(400);
    expect((await fetch(`${simulator.url}/_sim/nothing`)).status).toBe(404);
    expect(await (await fetch(`${simulator.url}/_sim/health`)).json()).toMatchObject({ status: 'ok' });
  });
});

it('refuses an unusable configuration with its path', async () => {
  const pools = [{ model: 'm', deployments: [{ name: 'a' }] }];
  await expect(startSimulator({ config: { pools } })).rejects.toThrow(/region/u);
});

it('runs quota windows faster under a time scale', async () => {
  await restart({ timeScale: 1000 });
  await limit({ tokensPerMinute: 1000 });
  await client().chat.completions.create({ ...CHAT, max_tokens: 900 });
  await expect
    .poll(() => post('/eastus/openai/v1/chat/completions', { ...CHAT, max_tokens: 900 }).then((one) => one.status))
    .toBe(200);
});
