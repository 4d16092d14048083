import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chatJob, type JsonObject, WeirUnderTest } from '../support/weir-under-test.ts';

let weir: WeirUnderTest;

/** The team `support` has a budget of a tenth of a cent, `search` may hold three jobs. */
function configure(config: JsonObject): JsonObject {
  const teams = (config['teams'] as JsonObject[]).map((team) => {
    if (team['id'] === 'support') return { ...team, budget: { monthlyUsd: '0.001', hard: true } };
    return team['id'] === 'search' ? { ...team, maxQueuedJobs: 3, models: ['gpt-4.1-mini'] } : team;
  });
  return { ...config, teams };
}

beforeAll(async () => {
  weir = await WeirUnderTest.start({ configure });
});

afterAll(async () => {
  await weir.stop();
});

const body = chatJob('x');

test.each<[string, unknown, number, string, string | null]>([
  ['malformed JSON', '{"endpoint":', 400, 'invalid_request', null],
  ['an unknown field', { ...body, team: 'support' }, 400, 'invalid_request', 'team'],
  ['a stream', chatJob('x', { stream: true }), 400, 'invalid_request', 'body.stream'],
  ['a wrong type', { ...body, deadline_seconds: 'soon' }, 400, 'invalid_request', 'deadline_seconds'],
  ['an output cap over the ceiling', chatJob('x', { max_tokens: 5000 }), 400, 'invalid_request', 'body.max_tokens'],
  ['a model that does not exist', chatJob('x', { model: 'gpt-9' }), 404, 'model_not_found', 'body.model'],
  [
    'a model the team may not use',
    { endpoint: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: 'x' } },
    403,
    'model_not_allowed',
    'body.model',
  ],
  ['one byte over 1 MiB', 'a'.repeat(1_048_577), 413, 'request_too_large', null],
])('%s is refused with its code and field', async (_name, sent, status, code, param) => {
  const answer = await weir.request('POST', '/jobs', { body: sent });
  expect([answer.status, answer.body.error.code, answer.body.error.param]).toEqual([status, code, param]);
  expect(answer.headers.get('x-request-id')).toBeTruthy();
  expect(Object.keys(answer.body.error).sort()).toEqual(['code', 'message', 'param', 'type']);
});

test.each([
  ['no key', {}],
  ['a wrong key', { authorization: 'Bearer nobody' }],
  ['a key in the wrong header', { 'x-functions-key': 'key-of-search' }],
  ['two differing keys', { authorization: 'Bearer key-of-search', 'api-key': 'key-of-support' }],
])('%s is a 401', async (_name, headers) => {
  const answer = await weir.request('GET', '/jobs', { team: 'nobody', headers });
  expect([answer.status, answer.body.error.code]).toEqual([401, 'invalid_api_key']);
});

test('ids that cannot be ids are 404', async () => {
  for (const id of ['nope', 'job_1', '%00', "job_'or'1'eq'1"]) {
    expect((await weir.request('GET', `/jobs/${id}`)).status).toBe(404);
  }
});

test('a body that is cut off leaves the next request unharmed', async () => {
  const { hostname, port } = new URL(weir.baseUrl);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      const head =
        'POST /jobs HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer key-of-search\r\nContent-Length: 5000000\r\n\r\n';
      socket.write(head + 'a'.repeat(100_000), () => socket.destroy());
    });
    socket.once('close', () => resolve());
    socket.once('error', () => resolve());
  });
  expect((await weir.request('GET', '/jobs')).status).toBe(200);
});

test('200,000 equal characters are counted and accepted', async () => {
  const answer = await weir.request('POST', '/jobs', { body: chatJob('a'.repeat(200_000)) });
  expect(answer.status).toBe(202);
  expect(answer.body.estimate.input_tokens).toBeGreaterThan(1000);
  await weir.waitForEnd(answer.body.id);
});

test('a hard budget refuses before the money is gone, and its holds are released', async () => {
  // None may end, and make room for another, before all have been judged.
  await weir.fault({ kind: 'latency', latencyMs: 30_000 });
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, number) =>
      weir.insist('POST', '/jobs', {
        team: 'support',
        headers: { 'idempotency-key': `spend-${number}` },
        body: chatJob('Spend', { max_tokens: 150 }),
      }),
    ),
  );
  await weir.clearFaults();
  const accepted = answers.filter((answer) => answer.status === 202);
  const refused = answers.filter((answer) => answer.status === 429);
  expect(accepted.length).toBe(4);
  expect(refused[0]?.body.error).toMatchObject({ code: 'budget_exceeded', type: 'insufficient_quota' });
  expect(refused[0]?.headers.get('x-should-retry')).toBe('false');
  for (const answer of accepted) await weir.waitForEnd(answer.body.id, { team: 'support' });
  const budget = await weir.request('GET', '/budgets/support', { team: 'support' });
  expect(budget.body.held_usd).toBe('0.000000');
  expect(Number(budget.body.spent_usd)).toBeLessThanOrEqual(0.001);
});

test('a team over its depth cap gets queue_full with a true Retry-After', async () => {
  await weir.fault({ kind: 'latency', latencyMs: 900_000 });
  const jobs = await Promise.all(Array.from({ length: 3 }, () => weir.submit()));
  const refused = await weir.request('POST', '/jobs', { body });
  expect([refused.status, refused.body.error.code]).toEqual([429, 'queue_full']);
  expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
  await weir.clearFaults();
  const waiting = weir.request('POST', '/jobs', { body, headers: { prefer: 'wait=30' } });
  for (const { id } of jobs) await weir.request('POST', `/jobs/${id}/cancel`);
  const waited = await waiting;
  expect(waited.status).toBe(202);
  for (const job of [...jobs, waited.body]) await weir.waitForEnd(String(job.id));
});
