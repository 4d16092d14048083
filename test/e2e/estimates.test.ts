import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatJob, type HttpAnswer, type JsonObject, WeirUnderTest } from '../support/weir-under-test.ts';

const places = 30;
let weir: WeirUnderTest;
let configured: JsonObject = {};

beforeAll(async () => {
  weir = await WeirUnderTest.start({
    configure: (config) => {
      const pools = config['pools'] as { model: string; deployments: JsonObject[] }[];
      for (const { deployments } of pools) {
        for (const deployment of deployments) {
          deployment['tokensPerMinute'] = 2_000_000;
          deployment['requestsPerMinute'] = 6000;
        }
      }
      configured = { ...config, limits: { maxQueuedJobs: 100 } };
      return configured;
    },
  });
});

afterAll(async () => {
  await weir.stop();
});

/** A chat job that sets no cap; the simulator answers at the length that its prompt asks for. */
function uncapped(prompt: string): JsonObject {
  const { body, ...rest } = chatJob(prompt);
  const { max_tokens: _cap, ...own } = body as JsonObject;
  return { ...rest, body: own };
}

const typesOf = async (id: string) => {
  const { body } = await weir.request('GET', `/jobs/${id}/events`);
  return body.data as { type: string; reason?: string; output_cap?: number }[];
};

test('the cap is learnt from a team’s answers, told in the job, and an answer that it cuts short is run again', async () => {
  const first = await weir.submit(uncapped('Say in 20 words what a weir is.'));
  expect(first['estimate']).toMatchObject({ output_tokens: 4096, output_cap: 4096, output_cap_set_by: 'weir' });
  const more = await Promise.all(
    Array.from({ length: 59 }, (_, index) => weir.submit(uncapped(`Say in 20 words what weir ${index} is.`))),
  );
  for (const job of [first, ...more]) expect((await weir.waitForEnd(String(job['id']))).status).toBe('succeeded');

  // Another process: what it knows it has from the accounts.
  await weir.stopHost();
  await weir.startHost();
  const short = await weir.submit(uncapped('Say in 20 words what a dam is.'));
  expect(short['estimate']).toMatchObject({ output_tokens: 256, output_cap: 256, output_cap_set_by: 'weir' });
  expect((await weir.waitForEnd(String(short['id']))).attempts).toHaveLength(1);

  const long = await weir.submit(uncapped('Tell the history of weirs in 500 words.'));
  expect(long['estimate']).toMatchObject({ output_cap: 256, output_cap_set_by: 'weir' });
  const ended = await weir.waitForEnd(String(long['id']));
  expect([ended.status, ended.response.body.choices[0].finish_reason]).toEqual(['succeeded', 'stop']);
  expect(ended.attempts).toHaveLength(2);
  expect(ended.response.body.usage.completion_tokens).toBeGreaterThan(400);
  expect(ended.usage.output_tokens).toBe(256 + ended.response.body.usage.completion_tokens);
  const events = await typesOf(String(long['id']));
  // On a busy machine a claim may be made again, or its turn come a little later.
  const steps = events.filter(({ type }, index) => type !== 'deferred' && type !== events[index - 1]?.type);
  expect(steps.map(({ type }) => type)).toEqual([
    'accepted',
    'claimed',
    'attempt',
    'rerun',
    'claimed',
    'attempt',
    'succeeded',
  ]);
  expect(steps[3]).toMatchObject({ reason: 'cap', output_cap: 4096 });
  const usage = await weir.request('GET', '/usage');
  const rows = usage.body.data.filter((row: { job: string }) => row.job === long['id']);
  expect(rows.map((row: { output_tokens: number }) => row.output_tokens).sort()).toEqual(
    [256, ended.response.body.usage.completion_tokens].sort(),
  );

  const own = await weir.submit(chatJob('Tell the history of weirs in 500 words.', { max_tokens: 60 }));
  expect(own['estimate']).toMatchObject({ output_cap: 60, output_cap_set_by: 'caller' });
  const capped = await weir.waitForEnd(String(own['id']));
  expect([capped.attempts.length, capped.response.body.choices[0].finish_reason]).toEqual([1, 'length']);

  await weir.fault({ kind: 'latency', latencyMs: 20_000, count: 1 });
  const responses = await weir.submit({ endpoint: '/v1/responses', body: { model: 'gpt-4.1-mini', input: 'Weirs?' } });
  expect(responses['estimate']).toMatchObject({ output_cap: 4096, output_cap_set_by: 'weir' });
  const embedding = await weir.submit({
    endpoint: '/v1/embeddings',
    body: { model: 'text-embedding-3-small', input: 'a weir' },
  });
  expect(embedding['estimate']).toMatchObject({ output_tokens: 0, output_cap: null, output_cap_set_by: null });
  const budget = await weir.request('GET', '/budgets/search');
  for (const job of [responses, embedding]) await weir.waitForEnd(String(job['id']));
  expect(Number(budget.body.held_usd)).toBeGreaterThan(0);
  expect(Number((await weir.request('GET', '/budgets/search')).body.held_usd)).toBe(0);
});

test('three thousand submissions at once fill the places there are; everyone else hears when to come back', async () => {
  // No call ends while there are submissions: a place that becomes free would be given to another.
  await weir.fault({ kind: 'hang' });
  await weir.writeConfig({ ...configured, limits: { maxQueuedJobs: places } });
  try {
    await waitForPlaces();
    const answers: HttpAnswer[] = [];
    let next = 0;
    const caller = async () => {
      while (next < 3000) {
        next += 1;
        // A key of its own: what was told 503 by a slow storage may be on record.
        const headers = { 'idempotency-key': `flood-${next}` };
        answers.push(
          await weir.insist('POST', '/jobs', { headers, body: { ...chatJob('A flood.'), priority: 'bulk' } }),
        );
      }
    };
    await Promise.all(Array.from({ length: 100 }, caller));
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status === 429);
    expect([accepted.length, refused.length]).toEqual([places, 3000 - places]);
    expect(refused.every(({ body }) => body.error.code === 'queue_full')).toBe(true);
    expect(refused.every(({ headers }) => Number(headers.get('retry-after')) >= 1)).toBe(true);
    for (const { body } of accepted) {
      expect(body.queue.position).toBeGreaterThanOrEqual(1);
      expect(body.queue.estimated_start_at).toBeGreaterThan(1_700_000_000);
    }
    const { body } = await weir.request('GET', '/queues', { team: 'platform' });
    const bulk = body.data.find((row: { lane: string }) => row.lane === 'bulk');
    expect([bulk.queue_size, bulk.queue_capacity]).toEqual([places, places]);
    await Promise.all(accepted.map((answer) => weir.request('POST', `/jobs/${answer.body.id}/cancel`)));
    await Promise.all(accepted.map((answer) => weir.waitForEnd(answer.body.id)));
    // A caller that waits for a place gets it.
    const late = await weir.request('POST', '/jobs', {
      body: { ...chatJob('Afterwards.'), priority: 'bulk' },
      headers: { prefer: 'wait=30' },
    });
    expect(late.status).toBe(202);
    await weir.request('POST', `/jobs/${late.body.id}/cancel`);
  } finally {
    await weir.clearFaults();
  }
});

/** Until the running app has read the configuration with fewer places. */
async function waitForPlaces(): Promise<void> {
  await expect
    .poll(async () => (await weir.request('GET', '/queues', { team: 'platform' })).body.data[0].queue_capacity, {
      timeout: 240_000,
    })
    .toBe(places);
}
