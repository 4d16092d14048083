import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RequestRecord, SimulatorReport } from '../../../../tools/simulator/report.ts';
import type { RunningSimulator } from '../../../../tools/simulator/start-simulator.ts';
import { startSimulator } from '../../../../tools/simulator/start-simulator.ts';

const CHAT = { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: 'Explain the export in 60 words.' }] };

let simulator: RunningSimulator;
beforeEach(async () => {
  simulator = await startSimulator();
});
afterEach(() => simulator.close());

async function script(...faults: object[]): Promise<void> {
  const response = await fetch(`${simulator.url}/_sim/faults`, { method: 'POST', body: JSON.stringify(faults) });
  expect(response.status).toBe(201);
}

function ask(fields: object = {}, signal?: AbortSignal): Promise<Response> {
  return fetch(`${simulator.url}/eastus/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { 'api-key': 'any' },
    body: JSON.stringify({ ...CHAT, ...fields }),
    signal: signal ?? null,
  });
}

async function lastRecord(): Promise<RequestRecord> {
  await expect.poll(async () => (await report()).total.inFlight, { timeout: 60_000 }).toBe(0);
  const list = (await (await fetch(`${simulator.url}/_sim/requests?limit=1`)).json()) as { data: RequestRecord[] };
  return list.data[0]!;
}

async function report(): Promise<SimulatorReport> {
  return (await (await fetch(`${simulator.url}/_sim/report`)).json()) as SimulatorReport;
}

describe('a scripted status', () => {
  it('is sent as scripted, with body and headers, neither charged nor billed', async () => {
    await script({ kind: 'status', status: 503, retryAfter: 'abc', headers: { 'x-extra': '1' }, body: 'plain words' });
    const response = await ask();
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('abc');
    expect(response.headers.get('x-extra')).toBe('1');
    expect(await response.text()).toBe('plain words');
    expect(await lastRecord()).toMatchObject({ outcome: 'failed', fault: 'status', chargedTokens: 0, billed: false });
  });

  it('is charged and billed as a 408', async () => {
    await script({ kind: 'status', status: 408 });
    expect((await ask()).status).toBe(408);
    const record = await lastRecord();
    expect(record).toMatchObject({ outcome: 'timed-out', billed: true, isUsageSeen: false });
    expect(record.chargedTokens).toBeGreaterThan(640);
    expect((await report()).total.billed).toMatchObject({ calls: 1, unseenCalls: 1 });
  });

  it.each(['-1', '', '0', 'Fri, 01 Jan 2021 00:00:00 GMT', '86400', '9999999999'])(
    'sends a Retry-After of "%s" as it is on a 429, with no other hint beside it',
    async (retryAfter) => {
      await script({ kind: 'status', status: 429, refusal: 'tokens', retryAfter });
      const response = await ask();
      expect(response.status).toBe(429);
      expect(response.headers.get('retry-after')).toBe(retryAfter);
      expect(response.headers.get('retry-after-ms')).toBeNull();
      expect(await response.text()).not.toMatch(/after \d/u);
      expect((await report()).total.refused.scripted).toBe(1);
    },
  );

  it('is a capacity 429 under quota', async () => {
    await script({ kind: 'capacity' });
    const response = await ask();
    expect(response.headers.get('retry-after')).toBe('20');
    expect(await response.text()).toContain('high demand');
    expect((await report()).total.refused.capacity).toBe(1);
  });
});

it('bills a content-filter 400 for its prompt alone', async () => {
  await script({ kind: 'content-filter' });
  const response = await ask();
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'content_filter' } });
  const record = await lastRecord();
  expect(record).toMatchObject({ outcome: 'filtered', billed: true });
  expect(record.usage).toMatchObject({ completionTokens: 0 });
  expect(record.usage!.promptTokens).toBeGreaterThan(5);
});

it('changes the hint of a real 429 only', async () => {
  await script({ kind: 'hint', hint: '86400' });
  expect((await ask()).status).toBe(200);
  const refused = await ask({ max_tokens: 1_000_000 });
  expect(refused.status).toBe(429);
  expect(refused.headers.get('retry-after')).toBe('86400');
});

it('adds latency that the log shows', async () => {
  await script({ kind: 'latency', latencyMs: 40 });
  expect((await ask()).status).toBe(200);
  const record = await lastRecord();
  expect(record).toMatchObject({ fault: 'latency', outcome: 'succeeded', billed: true });
  expect(record.durationMs).toBeGreaterThanOrEqual(39);
});

describe('a call that never answers', () => {
  it('hangs until the caller leaves, and is billed with its usage unseen', async () => {
    await script({ kind: 'hang' });
    const caller = new AbortController();
    const call = expect(ask({}, caller.signal)).rejects.toThrow();
    await expect.poll(async () => (await report()).total.inFlight, { timeout: 60_000 }).toBe(1);
    caller.abort();
    await call;
    expect(await lastRecord()).toMatchObject({ outcome: 'aborted', status: null, billed: true, isUsageSeen: false });
  });

  it('is reset before the status line, or within the body', async () => {
    await script({ kind: 'reset', count: 1 }, { kind: 'reset', afterBytes: 20 });
    await expect(ask()).rejects.toThrow();
    expect(await lastRecord()).toMatchObject({ outcome: 'broken', status: null, billed: true });
    const response = await ask();
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(await lastRecord()).toMatchObject({ outcome: 'broken', status: 200, billed: true });
  });
});

describe('a spoilt 200', () => {
  it.each([true, false])('is truncated in transport (stream: %s)', async (stream) => {
    await script({ kind: 'truncate' });
    const response = await ask({ stream });
    expect(response.status).toBe(200);
    await expect(response.text()).rejects.toThrow();
    expect(await lastRecord()).toMatchObject({ outcome: 'broken', billed: true, isUsageSeen: false });
  });

  it('is complete in transport and cut as JSON', async () => {
    await script({ kind: 'cut-json', afterBytes: 100 });
    const text = await (await ask()).text();
    expect(text).toHaveLength(100);
    expect(() => JSON.parse(text)).toThrow();
  });

  it('carries an error in its stream, at once or after some of the answer', async () => {
    await script({ kind: 'stream-error', count: 1 }, { kind: 'stream-error', afterBytes: 900 });
    const atOnce = await (await ask({ stream: true })).text();
    expect(atOnce.trim()).toMatch(/^data: \{"error"/u);
    const later = await (await ask({ stream: true })).text();
    expect(later).toContain('"delta"');
    expect(later).toContain('data: {"error"');
    for (const line of later.split('\n').filter((one) => one !== '')) JSON.parse(line.slice('data: '.length));
    expect(later).not.toContain('[DONE]');
  });

  it('is an error body under 200 when it is no stream', async () => {
    await script({ kind: 'stream-error' });
    const response = await ask();
    expect(response.status).toBe(200);
    expect(await response.json()).toHaveProperty('error');
  });

  it('is empty, HTML, without choices, or without usage', async () => {
    await script(...['empty', 'html', 'no-choices', 'no-usage'].map((kind) => ({ kind, count: 1 })));
    expect(await (await ask()).text()).toBe('');
    const html = await ask();
    expect(html.headers.get('content-type')).toContain('text/html');
    expect(await html.text()).toContain('<html>');
    expect(await (await ask()).json()).toMatchObject({ choices: [] });
    expect(await (await ask()).json()).not.toHaveProperty('usage');
    expect((await report()).total).toMatchObject({ succeeded: 1, broken: 3, billed: { calls: 4, unseenCalls: 3 } });
  });

  it('drips byte by byte', async () => {
    await script({ kind: 'drip', bytes: 200, latencyMs: 5 });
    const response = await ask();
    let chunks = 0;
    for await (const chunk of response.body!) chunks += chunk.length > 0 ? 1 : 0;
    expect(chunks).toBeGreaterThan(3);
    expect(await lastRecord()).toMatchObject({ outcome: 'succeeded' });
  });

  it('is as large as asked and still JSON', async () => {
    await script({ kind: 'big-body', bytes: 5_000_000 });
    const text = await (await ask()).text();
    expect(text.length).toBeGreaterThanOrEqual(5_000_000);
    expect(JSON.parse(text)).toHaveProperty('usage');
  });

  it('keeps a stream readable when it is large or without usage', async () => {
    await script({ kind: 'big-body', bytes: 200_000, count: 1 }, { kind: 'no-usage' });
    const options = { stream: true, stream_options: { include_usage: true } };
    const events = (text: string) => text.split('\n').filter((line) => line.startsWith('data: {'));
    for (const line of events(await (await ask(options)).text())) JSON.parse(line.slice(6));
    const without = events(await (await ask(options)).text()).map((line) => JSON.parse(line.slice(6)));
    expect(without.length).toBeGreaterThan(5);
    expect(without.every((event) => event.usage === undefined)).toBe(true);
  });
});

describe('a caller that leaves', () => {
  it('pays for what was streamed until then', async () => {
    await simulator.close();
    simulator = await startSimulator({ latency: { firstTokenMs: 0, tokenMs: 20, embeddingMs: 0, jitter: 0 } });
    const leave = new AbortController();
    const response = await ask({ stream: true }, leave.signal);
    const reader = response.body!.getReader();
    await reader.read();
    leave.abort();
    await reader.read().catch(() => undefined);
    const record = await lastRecord();
    expect(record).toMatchObject({ outcome: 'aborted', billed: true, isUsageSeen: false });
    const whole = await simulator.close().then(() => startSimulator());
    simulator = whole;
    await (await ask({ stream: true })).text();
    expect(record.usage!.completionTokens).toBeLessThan((await lastRecord()).usage!.completionTokens);
  });
});

it('lists what stands and clears it', async () => {
  await script({ kind: 'hang', region: 'westeurope' }, { kind: 'empty', deployment: 'gpt-4.1-mini', count: 5 });
  const url = `${simulator.url}/_sim/faults`;
  const listed = (await (await fetch(url)).json()) as { data: { id: string }[] };
  expect(listed.data.map((fault) => fault.id)).toEqual(['fault-1', 'fault-2']);
  await fetch(url, { method: 'DELETE' });
  expect((await ask()).status).toBe(200);
  expect(await (await ask()).json()).toHaveProperty('choices');
});
