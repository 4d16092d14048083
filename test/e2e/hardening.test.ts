import { connect } from 'node:net';
import { QueueClient } from '@azure/storage-queue';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ListeningServer, type ScriptedAnswer } from '../support/listening-server.ts';
import { chatJob, type JsonObject, WeirUnderTest } from '../support/weir-under-test.ts';

const canary = 'heliotrope-canary-4711';
const upstreamKey = 'any-key-will-do';

/** A model's answer that repeats the prompt, as models do. */
const completion: ScriptedAnswer = {
  body: {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'gpt-4.1-mini',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: `You said ${canary}` } }],
    usage: { prompt_tokens: 5, completion_tokens: 5, total_tokens: 10 },
  },
};

let upstream: ListeningServer;
/** An address that a caller would like Weir to call. */
let elsewhere: ListeningServer;
let weir: WeirUnderTest;

beforeAll(async () => {
  upstream = await ListeningServer.start(() => completion);
  elsewhere = await ListeningServer.start(() => completion);
  const point = (deployment: JsonObject) => ({ ...deployment, endpoint: `${upstream.url}/${deployment['name']}` });
  const configure = (config: JsonObject): JsonObject => ({
    ...config,
    pools: (config['pools'] as JsonObject[])
      .filter((pool) => pool['model'] === 'gpt-4.1-mini')
      .map((pool) => ({ ...pool, deployments: (pool['deployments'] as JsonObject[]).map(point) })),
    teams: (config['teams'] as JsonObject[]).map((team) => ({ ...team, models: ['gpt-4.1-mini'] })),
  });
  weir = await WeirUnderTest.start({ configure, environment: { WEIR_LOCAL_KEY: upstreamKey } });
});

afterAll(async () => {
  await weir?.stop();
  await upstream?.stop();
  await elsewhere?.stop();
});

beforeEach(() => {
  upstream.seen.length = 0;
  upstream.answer = () => completion;
});

async function run(fields: JsonObject, headers: Record<string, string> = {}): Promise<JsonObject> {
  return weir.waitForEnd(String((await weir.submit(fields, { headers }))['id']));
}

describe('what goes upstream', () => {
  test("has Weir's own headers and credential, and none of the caller's", async () => {
    await run(chatJob('x'), {
      'x-functions-key': canary,
      'x-ms-client-principal': canary,
      'x-forwarded-for': canary,
      'x-forwarded-host': canary,
      'x-identity-header': canary,
      'ocp-apim-subscription-key': canary,
      'openai-organization': canary,
      cookie: canary,
      'user-agent': canary,
      'x-custom': canary,
      'x-ms-client-request-id': canary,
      'x-weir-job': canary,
      tracestate: `weir=${canary}`,
      baggage: `secret=${canary}`,
    });
    expect(upstream.seen).toHaveLength(1);
    const headers = upstream.seen[0]?.headers ?? {};
    expect(Object.keys(headers).sort()).toEqual(
      [
        'accept api-key connection content-length content-type host traceparent user-agent',
        'x-ms-client-request-id x-weir-attempt x-weir-job',
      ]
        .join(' ')
        .split(' '),
    );
    expect([headers['api-key'], headers['user-agent']]).toEqual([upstreamKey, 'weir']);
    expect(JSON.stringify(headers)).not.toMatch(new RegExp(`${canary}|key-of-search`));
  });

  test.each<[string, JsonObject, Record<string, string>]>([
    ['the address in a header', {}, { 'x-portkey-custom-host': 'ELSEWHERE', 'x-ms-original-url': 'ELSEWHERE' }],
    ['the address in the body', { api_base: 'ELSEWHERE', base_url: 'ELSEWHERE', endpoint: 'ELSEWHERE' }, {}],
    [
      'an image to fetch',
      { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'ELSEWHERE/x.png' } }] }] },
      {},
    ],
  ])('goes nowhere else: %s is not followed', async (_what, more, headers) => {
    const there = (value: unknown) => JSON.parse(JSON.stringify(value).replaceAll('ELSEWHERE', elsewhere.url));
    const job = await run(chatJob('x', there(more)), there(headers));
    expect(job['status']).toBe('succeeded');
    expect([upstream.seen.length, elsewhere.seen.length]).toEqual([1, 0]);
  });

  test.each([
    ['an address as endpoint', { ...chatJob('x'), endpoint: 'http://169.254.169.254/metadata' }, 400],
    ['a path as endpoint', { ...chatJob('x'), endpoint: '/v1/chat/completions/../../admin' }, 400],
    ['a path as model', chatJob('x', { model: '../../other' }), 404],
    ['a callback', { ...chatJob('x'), webhook_url: 'http://168.63.129.16/' }, 400],
  ])('is not chosen by the caller: %s', async (_what, body, status) => {
    expect((await weir.request('POST', '/jobs', { body })).status).toBe(status);
    expect(upstream.seen).toHaveLength(0);
  });
});

describe('what the caller may not set', () => {
  const controlFields = [
    'team',
    'role',
    'deployment',
    'region',
    'status',
    'cost',
    'lane',
    'id',
    'created_at',
    'attempts',
  ];
  test.each(controlFields)('%s is a 400 that names it', async (field) => {
    const answer = await weir.request('POST', '/jobs', { body: { ...chatJob('x'), [field]: 'support' } });
    expect([answer.status, answer.body.error.param]).toEqual([400, field]);
  });

  test.each<[string, JsonObject, string]>([
    ['seventeen answers', { n: 17 }, 'body.n'],
    ['a longer answer than allowed', { max_tokens: 4097 }, 'body.max_tokens'],
    ['a longer answer by its newer name', { max_completion_tokens: 4097 }, 'body.max_completion_tokens'],
    ['a dearer tier', { service_tier: 'priority' }, 'body.service_tier'],
    ["the service's own tools", { tools: [{ type: 'web_search' }] }, 'body.tools[0].type'],
    ["another source under the service's identity", { data_sources: [] }, 'body.data_sources'],
  ])('%s is a 400', async (_what, more, param) => {
    const answer = await weir.request('POST', '/jobs', { body: chatJob('x', more) });
    expect([answer.status, answer.body.error.param]).toEqual([400, param]);
  });

  test('a prompt larger than any quota is refused at the door', async () => {
    const answer = await weir.request('POST', '/jobs', { body: chatJob('word '.repeat(180_000)) });
    expect(answer.status).toBe(400);
    expect(upstream.seen).toHaveLength(0);
  });

  test.each([
    ['__proto__ beside the fields', '{"__proto__":{"team":"support"},"endpoint":"/v1/chat/completions"}'],
    ['constructor beside the fields', '{"constructor":{"prototype":{"team":"x"}},"endpoint":"/v1/chat/completions"}'],
  ])('%s is a 400', async (_what, body) => {
    expect((await weir.request('POST', '/jobs', { body })).status).toBe(400);
  });

  test('__proto__ inside the body changes nothing for anybody', async () => {
    const inner = '{"model":"gpt-4.1-mini","messages":[{"role":"user","content":"x"}],"__proto__":{"stream":true}}';
    const body = `{"endpoint":"/v1/chat/completions","body":${inner},"metadata":{"__proto__":"y"}}`;
    const answer = await weir.request('POST', '/jobs', { body });
    if (answer.status === 202) await weir.waitForEnd(answer.body.id);
    else expect(answer.status).toBe(400);
    const next = await run(chatJob('x'));
    expect([next['status'], next['metadata']]).toEqual(['succeeded', {}]);
  });
});

describe('what nobody else learns', () => {
  test('a prompt, an answer and a key are in no line of the host and in no message of a queue', async () => {
    const queued: string[] = [];
    const queue = new QueueClient(weir.storageConnectionString, 'jobs-standard');
    upstream.answer = () => completion;
    const accepted = await weir.submit(chatJob(canary));
    const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: 32 });
    queued.push(...peekedMessageItems.map((item) => item.messageText));
    const job = await weir.waitForEnd(String(accepted['id']));
    expect(JSON.stringify(job.response.body)).toContain(canary);
    // What it refused and what failed upstream is told to its owner alone as well.
    upstream.answer = ({ body }) => ({ status: 400, body: { error: { code: 'x', message: `bad: ${body}` } } });
    const failed = await run(chatJob(canary));
    expect(failed['status']).toBe('failed');
    await weir.request('POST', '/jobs', { body: `{"endpoint": ${canary}` });
    await weir.request('POST', '/jobs', { body: { ...chatJob(canary), [canary]: canary } });
    const told = [...weir.hostLines, ...queued].join('\n');
    expect(told).toContain(String(accepted['id']));
    for (const secret of [canary, 'key-of-search', upstreamKey]) expect(told).not.toContain(secret);
  });

  test('an error tells no stack, no file and no address', async () => {
    for (const path of ['/jobs/x', '/jobs?limit=x', '/usage?from=x', '/budgets/%00']) {
      const { body } = await weir.request('GET', path);
      expect(JSON.stringify(body)).not.toMatch(/node_modules|\.ts|\.mjs|127\.0\.0\.1|at Object/);
    }
  });

  test('health tells whether it is well and nothing else', async () => {
    const answer = await weir.request('GET', '/health', { team: 'nobody' });
    expect(answer.body).toEqual({ status: 'ok' });
  });
});

describe('answers', () => {
  test.each([
    ['health', 'GET', '/health'],
    ['the description', 'GET', '/openapi.json'],
    ['a list', 'GET', '/jobs'],
    ['a refusal', 'GET', '/jobs/nope'],
    ['a rejected credential', 'GET', '/usage?x-key'],
    // The host answers these itself.
    ['an unknown path', 'GET', '/nowhere'],
    ['another method', 'PUT', '/jobs'],
    ['the root', 'GET', '/'],
  ])('%s: HSTS, CSP and nosniff, and no other origin may read it', async (what, method, path) => {
    const headers = { origin: 'https://evil.example.com' };
    const team = what === 'a rejected credential' ? 'nobody' : 'search';
    const answer = await weir.request(method, path, { team, headers });
    expect(answer.headers.get('strict-transport-security')).toMatch(/^max-age=\d{8}/);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    const names = [...answer.headers.keys()];
    expect(names.filter((name) => name.startsWith('access-control-'))).toEqual([]);
    expect(names.filter((name) => ['server', 'x-powered-by', 'set-cookie'].includes(name))).toEqual([]);
  });

  test('the root tells nothing of what runs here', async () => {
    const response = await fetch(weir.baseUrl);
    expect([response.status, await response.text()]).toEqual([204, '']);
  });

  test('a preflight is answered by nobody', async () => {
    const headers = { origin: 'https://evil.example.com', 'access-control-request-method': 'POST' };
    const response = await fetch(`${weir.baseUrl}/jobs`, { method: 'OPTIONS', headers });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([404, null]);
  });
});

describe('odd requests', () => {
  /** Sends a request line as it stands; fetch would tidy it first. */
  function sendRaw(lines: readonly string[]): Promise<string> {
    const { hostname, port } = new URL(weir.baseUrl);
    return new Promise((resolve, reject) => {
      let received = '';
      const socket = connect(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
      socket.setTimeout(120_000, () => socket.destroy());
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('error', reject);
      socket.on('close', () => resolve(received));
    });
  }
  const head = ['Host: x', 'Connection: close'];

  test.each([
    '/jobs/../admin/host/status',
    '/jobs/..%2f..%2fadmin%2fhost',
    '/jobs/%2e%2e/budgets/search',
    '//jobs',
    '/jobs/job_1;team=search',
    '/jobs/%00',
    '/jobs/%ff%fe',
    '/budgets/..%2fsearch',
    "/budgets/x'%20or%20PartitionKey%20ne%20'",
    '/budgets/__proto__',
    `/jobs/${'a'.repeat(8000)}`,
    `/jobs?after=${'a'.repeat(8000)}`,
    `/usage?group_by=${'team,'.repeat(1500)}`,
  ])('%s is answered without a key by nothing but 400, 401 or 404', async (path) => {
    const answer = await sendRaw([`GET ${path} HTTP/1.1`, ...head]);
    if (path.includes('/../admin') && answer.startsWith('HTTP/1.1 200')) {
      // The local host's own page; on Azure these paths need a host key.
      expect(answer).not.toContain('search');
      return;
    }
    expect(answer).toMatch(/^HTTP\/1\.1 (400|401|404) /);
  });

  test.each([
    '/jobs/%00',
    '/jobs/job_1;team=search',
    '/budgets/__proto__',
    '/budgets/..%2fsearch',
    "/budgets/x'%20or%20PartitionKey%20ne%20'",
    `/jobs/${'a'.repeat(8000)}`,
  ])('%s is a 404 with a key', async (path) => {
    const answer = await sendRaw([`GET ${path} HTTP/1.1`, ...head, 'Authorization: Bearer key-of-support']);
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
  });

  test.each<[string, string[]]>([
    ['two lengths', ['Content-Length: 5', 'Content-Length: 6']],
    ['a length and chunks', ['Content-Length: 5', 'Transfer-Encoding: chunked']],
    ['a broken header line', ['Api-Key : key-of-search']],
    ['headers without end', [`X-Long: ${'a'.repeat(40_000)}`]],
  ])('%s is refused before any function sees it', async (_what, headers) => {
    const answer = await sendRaw(['POST /jobs HTTP/1.1', ...head, ...headers]);
    expect(answer).toMatch(/^HTTP\/1\.1 (400|431) /);
  });

  test.each<[string, string, number]>([
    ['blanks in front of the key', `Bearer ${' '.repeat(7000)}x${' '.repeat(7000)}y`, 401],
    ['dots like a token', `Bearer ${'a.'.repeat(7000)}`, 401],
    ['an idempotency key of 300 characters', '', 400],
  ])('%s costs no time', async (what, authorization, status) => {
    const headers: Record<string, string> =
      authorization === '' ? { 'idempotency-key': 'k'.repeat(300) } : { authorization };
    const team = authorization === '' ? 'search' : 'nobody';
    const answer = await weir.request('POST', '/jobs', { team, headers, body: chatJob(what) });
    expect(answer.status).toBe(status);
  });

  test('JSON nested a hundred thousand deep is a 400, and the next request is served', async () => {
    const deep = `{"endpoint":${'['.repeat(100_000)}${']'.repeat(100_000)}}`;
    expect((await weir.request('POST', '/jobs', { body: deep })).status).toBe(400);
    expect((await weir.request('GET', '/jobs')).status).toBe(200);
  });
});

// Last: it opens the breakers, and the next job would wait until they have closed.
test('a redirect of the service is not followed', async () => {
  upstream.answer = () => ({ status: 307, headers: { location: `${elsewhere.url}/openai` }, body: {} });
  const job = await run({ ...chatJob('x'), deadline_seconds: 15 });
  expect(job['status']).not.toBe('succeeded');
  expect(upstream.seen.length).toBeGreaterThan(0);
  expect(elsewhere.seen).toHaveLength(0);
});
