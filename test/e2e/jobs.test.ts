import { QueueClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatJob, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

let weir: WeirUnderTest;

beforeAll(async () => {
  weir = await WeirUnderTest.start();
});

afterAll(async () => {
  await weir.stop();
});

test('a posted job is accepted, runs and tells its answer, usage, cost and trail', async () => {
  const accepted = await weir.request('POST', '/jobs', {
    body: { ...chatJob('What is a weir?'), metadata: { project: 'rivers' } },
  });
  expect(accepted.status).toBe(202);
  expect(accepted.headers.get('location')).toBe(`/jobs/${accepted.body.id}`);
  expect(Number(accepted.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  expect(accepted.body).toMatchObject({
    object: 'job',
    status: 'queued',
    priority: 'standard',
    metadata: { project: 'rivers' },
  });

  const ended = await weir.waitForEnd(accepted.body.id);
  expect(ended.status).toBe('succeeded');
  expect(ended.response.body.choices[0].message.content.length).toBeGreaterThan(10);
  expect(ended.usage.output_tokens).toBe(ended.response.body.usage.completion_tokens);
  expect(Number(ended.cost.usd)).toBeGreaterThan(0);
  expect(ended.attempts).toHaveLength(1);

  const events = await weir.request('GET', `/jobs/${accepted.body.id}/events`);
  const types = events.body.data.map((event: { type: string }) => event.type);
  // A claim that took longer than its send time allows is made again: on a busy machine there are several.
  expect(types.filter((type: string, index: number) => type !== types[index - 1])).toEqual([
    'accepted',
    'claimed',
    'attempt',
    'succeeded',
  ]);

  const usage = await weir.request('GET', '/usage?group_by=team,project');
  const row = usage.body.data.find((group: { project: string }) => group.project === 'rivers');
  expect(row).toMatchObject({
    team: 'search',
    requests: 1,
    output_tokens: ended.usage.output_tokens,
    cost_usd: ended.cost.usd,
  });
});

test('embeddings and responses run like chat', async () => {
  const embedding = await weir.submit({
    endpoint: '/v1/embeddings',
    body: { model: 'text-embedding-3-small', input: ['a weir', 'a dam'] },
  });
  const response = await weir.submit({
    endpoint: '/v1/responses',
    body: { model: 'gpt-4.1-mini', input: 'What is a weir?', max_output_tokens: 40 },
  });
  const [first, second] = [
    await weir.waitForEnd(String(embedding['id'])),
    await weir.waitForEnd(String(response['id'])),
  ];
  expect(first.response.body.data).toHaveLength(2);
  expect(second.response.body.object).toBe('response');
});

test('fifty equal submissions at once make one job', async () => {
  const headers = { 'idempotency-key': 'fifty' };
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => weir.request('POST', '/jobs', { body: chatJob('Fifty'), headers })),
  );
  expect(new Set(answers.map((answer) => answer.body.id)).size).toBe(1);
  expect(answers.filter((answer) => answer.headers.get('idempotent-replayed') === null)).toHaveLength(1);
  const other = await weir.request('POST', '/jobs', { body: chatJob('Something else'), headers });
  expect([other.status, other.body.error.code]).toEqual([422, 'idempotency_key_reused']);
  const ended = await weir.waitForEnd(answers[0]?.body.id);
  const replay = await weir.request('POST', '/jobs', { body: chatJob('Fifty'), headers });
  expect([replay.status, replay.body.id]).toEqual([200, ended.id]);
});

test('a prompt and an answer of 200 KB go through', async () => {
  const prompt = `${'Rivers carry stones and stories. '.repeat(6300)} `;
  const job = await weir.submit(chatJob(prompt, { max_tokens: 60 }));
  expect((await weir.waitForEnd(String(job['id']))).status).toBe('succeeded');

  const long = await weir.submit({
    endpoint: '/v1/embeddings',
    body: { model: 'text-embedding-3-small', input: Array.from({ length: 40 }, (_, index) => `stone ${index}`) },
  });
  const ended = await weir.waitForEnd(String(long['id']));
  expect(JSON.stringify(ended.response.body).length).toBeGreaterThan(200_000);
});

test('a running job is cancelled within seconds and what it cost is recorded', async () => {
  // Far longer than the wait: what ends sooner was aborted.
  await weir.fault({ kind: 'latency', latencyMs: 900_000 });
  try {
    const job = await weir.submit();
    const id = String(job['id']);
    await waitFor('running', async () => (await weir.request('GET', `/jobs/${id}`)).body.status === 'running');
    const asked = await weir.request('POST', `/jobs/${id}/cancel`);
    expect([asked.status, asked.body.cancel_requested]).toEqual([200, true]);
    const ended = await weir.waitForEnd(id);
    expect(ended.status).toBe('cancelled');
    expect(ended.cost.measured).toBe(false);
    expect(ended.attempts[0].outcome).toBe('aborted');
    const again = await weir.request('POST', `/jobs/${id}/cancel`);
    expect(again.body.status).toBe('cancelled');
  } finally {
    await weir.clearFaults();
  }
});

test('a call in flight at the deadline is aborted, billed and expires', async () => {
  await weir.fault({ kind: 'latency', latencyMs: 900_000 });
  try {
    // Time enough for the call to begin, less than its own time limit.
    const job = await weir.submit({ deadline_seconds: 20 });
    const ended = await weir.waitForEnd(String(job['id']));
    expect(ended.status).toBe('expired');
    expect(Number(ended.cost.usd)).toBeGreaterThan(0);
  } finally {
    await weir.clearFaults();
  }
});

test('a deleted job is gone with its content while its usage stays', async () => {
  const job = await weir.submit(chatJob('Forget me', { max_tokens: 20 }));
  const id = String(job['id']);
  const ended = await weir.waitForEnd(id);
  expect((await weir.request('DELETE', `/jobs/${id}`)).body).toEqual({ id, object: 'job', deleted: true });
  expect((await weir.request('GET', `/jobs/${id}`)).status).toBe(404);
  const usage = await weir.request('GET', '/usage');
  expect(usage.body.data.find((row: { job: string }) => row.job === id).output_tokens).toBe(ended.usage.output_tokens);
});

test("another team's job answers exactly like one that does not exist", async () => {
  const id = String((await weir.submit())['id']);
  const absent = id.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  for (const [method, suffix] of [
    ['GET', ''],
    ['GET', '/events'],
    ['POST', '/cancel'],
    ['DELETE', ''],
  ] as const) {
    for (const team of ['support', 'platform']) {
      const foreign = await weir.request(method, `/jobs/${id}${suffix}`, { team });
      const missing = await weir.request(method, `/jobs/${absent}${suffix}`, { team });
      expect([foreign.status, foreign.body]).toEqual([404, missing.body]);
    }
  }
  expect((await weir.waitForEnd(id)).status).toBe('succeeded');
});

test('jobs are listed newest first, page by page, by status', async () => {
  const ids: string[] = [];
  for (let count = 0; count < 3; count += 1) ids.unshift(String((await weir.submit({}, { team: 'support' }))['id']));
  for (const id of ids) await weir.waitForEnd(id, { team: 'support' });
  const first = await weir.request('GET', '/jobs?limit=2&status=succeeded', { team: 'support' });
  expect(first.body.data.map((job: { id: string }) => job.id)).toEqual(ids.slice(0, 2));
  expect(first.body.has_more).toBe(true);
  const second = await weir.request('GET', `/jobs?limit=2&after=${first.body.last_id}`, { team: 'support' });
  expect(second.body.data[0].id).toBe(ids[2]);
});

test('messages that point to no job harm nothing and are counted; one of a newer version is put back', async () => {
  const queue = new QueueClient(weir.storageConnectionString, 'jobs-standard');
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  for (const text of [base64('{'), 'not base64', base64('{"v":1}'), base64('{"v":99}')]) await queue.sendMessage(text);
  await waitFor('three dead letters', async () => {
    const { body } = await weir.request('GET', '/queues', { team: 'platform' });
    return body.data.find((lane: { lane: string }) => lane.lane === 'standard').poison_messages_last_day === 3;
  });
  await waitFor(
    'only the newer message is left',
    async () => (await queue.getProperties()).approximateMessagesCount === 1,
  );
  expect((await queue.peekMessages({ numberOfMessages: 32 })).peekedMessageItems).toHaveLength(0);
  expect((await weir.waitForEnd(String((await weir.submit())['id']))).status).toBe('succeeded');
});
