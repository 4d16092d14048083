import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createSecureServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../tools/simulator/fault.ts';
import { readRequests, readUsageRows, type UsageResource } from '../support/compare-bill.ts';
import { chatJob, type JsonObject, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

type Kind = (typeof FAULT_KINDS)[number];

/** How a job ends whose first region plays the fault. */
type End =
  /** Answered by the next region; `first` is the outcome of the first call, which costs money or not. */
  | { readonly ends: 'elsewhere'; readonly first: string; readonly reason: string; readonly isBilled: boolean }
  /** Both regions play it for a while; the job is answered by a later call. */
  | { readonly ends: 'later'; readonly calls: number }
  /** Answered at once by the region that plays it. */
  | { readonly ends: 'here'; readonly isMeasured: boolean }
  /** Failed; the type of the error says whose fault it was. */
  | { readonly ends: 'failed'; readonly type: string; readonly code: string; readonly isBilled: boolean };

interface Row {
  readonly name: string;
  readonly script?: JsonObject;
  /** Where the first deployment is, instead of the simulated region. */
  readonly endpoint?: () => string;
  readonly end: End;
}

const elsewhere = (first: string, reason: string, isBilled: boolean): End => ({
  ends: 'elsewhere',
  first,
  reason,
  isBilled,
});
const lost = (reason: string) => elsewhere('unknown', reason, true);
const throttled = (reason: string) => elsewhere('throttled', reason, false);
const once1 = { region: 'eastus', count: 1 };
const everywhere = (count: number) => ({ count });

/** Every kind has a row, or this does not compile. */
const kinds: Readonly<Record<Kind, readonly Row[]>> = {
  status: [
    ...[500, 502, 503, 504].map((status) => ({
      name: `a ${status}`,
      script: { ...once1, status },
      end: elsewhere('failed', `server_error_${status}`, false),
    })),
    { name: 'a 401', script: { ...once1, status: 401 }, end: elsewhere('failed', 'credential_rejected', false) },
    { name: 'a 403', script: { ...once1, status: 403 }, end: elsewhere('failed', 'credential_rejected', false) },
    { name: 'a 404', script: { ...once1, status: 404 }, end: elsewhere('failed', 'deployment_not_found', false) },
    { name: 'a 408', script: { ...once1, status: 408 }, end: lost('request_timeout') },
    { name: 'a 503 of both regions', script: { ...everywhere(2), status: 503 }, end: { ends: 'later', calls: 3 } },
    {
      name: 'a 503 that stays',
      script: { status: 503 },
      end: { ends: 'failed', type: 'server_error', code: 'upstream_error', isBilled: false },
    },
    {
      name: 'a 422',
      script: { ...once1, status: 422 },
      end: { ends: 'failed', type: 'invalid_request_error', code: '', isBilled: false },
    },
    ...['-1', '', 'abc', '0', 'Mon, 02 Jan 2006 15:04:05 GMT', '86400', '9999999999'].map((retryAfter) => ({
      name: `a 429 with Retry-After "${retryAfter}"`,
      script: { ...once1, status: 429, refusal: 'requests', hint: 'missing', retryAfter },
      end: throttled('throttled_requests'),
    })),
    ...['-1', '', 'abc', '0', 'Mon, 02 Jan 2006 15:04:05 GMT', '86400', '9999999999'].map((retryAfter) => ({
      name: `a 503 with Retry-After "${retryAfter}"`,
      script: { ...once1, status: 503, retryAfter },
      end: elsewhere('failed', 'server_error_503', false),
    })),
  ],
  'content-filter': [
    {
      name: 'the content filter',
      script: once1,
      end: { ends: 'failed', type: 'invalid_request_error', code: 'content_filter', isBilled: true },
    },
  ],
  capacity: [
    { name: 'a lack of capacity', script: { ...once1, retryAfter: '2' }, end: throttled('throttled_capacity') },
    {
      name: 'a lack of capacity in both',
      script: { ...everywhere(2), retryAfter: '1' },
      end: { ends: 'later', calls: 3 },
    },
  ],
  // A hint has no fault of its own: it shapes a refusal of the limiter, which the load of another application brings about.
  hint: ['missing', '86400', 'minus1', 'legacy', 'message'].map((hint) => ({
    name: `a true 429 with a hint of form ${hint}`,
    script: { region: 'eastus', hint },
    end: throttled('throttled_tokens'),
  })),
  latency: [{ name: 'a slow answer', script: { ...once1, latencyMs: 700 }, end: { ends: 'here', isMeasured: true } }],
  hang: [
    { name: 'no answer', script: once1, end: lost('first_byte_timeout') },
    { name: 'no end of the body', script: { ...once1, afterBytes: 20 }, end: lost('total_timeout') },
    {
      name: 'no answer at all, from anywhere',
      script: {},
      end: { ends: 'failed', type: 'server_error', code: 'upstream_timeout', isBilled: true },
    },
  ],
  reset: [
    { name: 'a reset', script: once1, end: lost('connection_reset') },
    { name: 'a reset in the body', script: { ...once1, afterBytes: 20 }, end: lost('answer_truncated') },
  ],
  truncate: [{ name: 'a connection closed in the body', script: once1, end: lost('answer_truncated') }],
  'cut-json': [{ name: 'JSON cut in the middle', script: once1, end: lost('answer_not_json') }],
  'stream-error': [{ name: 'an error in a 200', script: once1, end: lost('answer_error') }],
  drip: [{ name: 'a byte a second', script: once1, end: lost('total_timeout') }],
  empty: [{ name: 'an empty 200', script: once1, end: lost('answer_not_json') }],
  html: [{ name: 'a 200 of HTML', script: once1, end: lost('answer_not_json') }],
  'no-choices': [{ name: 'a 200 without choices', script: once1, end: elsewhere('failed', 'answer_malformed', true) }],
  'no-usage': [{ name: 'a 200 without usage', script: once1, end: { ends: 'here', isMeasured: false } }],
  'big-body': [{ name: 'a body of 50 MB', script: once1, end: lost('answer_too_large') }],
};

const betweenRowsMs = 2500;
const servers: Server[] = [];
const sockets = new Set<Socket>();
const folder = mkdtempSync(join(tmpdir(), 'weir-faults-'));
let certificateUrl = '';
let silentUrl = '';

/** What no simulator plays: the network before the service. */
const network: readonly Row[] = [
  {
    name: 'a name that does not resolve',
    endpoint: () => 'https://weir-no-such-region.invalid',
    end: elsewhere('failed', 'dns_failed', false),
  },
  {
    name: 'a certificate that nobody vouches for',
    endpoint: () => certificateUrl,
    end: elsewhere('failed', 'certificate_invalid', false),
  },
  { name: 'an endpoint that accepts and says nothing', endpoint: () => silentUrl, end: lost('first_byte_timeout') },
];

const rows = [
  ...FAULT_KINDS.flatMap((kind) => kinds[kind].map((row) => ({ ...row, kind }))),
  ...network.map((row) => ({ ...row, kind: null })),
].map((row, index) => ({ ...row, model: `row-${index}` }));

let weir: WeirUnderTest;
// biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came and asserts on it
const ended = new Map<string, any>();
let usage: readonly UsageResource[] = [];

/** A pool of two regions for each row, so that no row's faults are another's breaker. */
function poolsOfRows(config: JsonObject): JsonObject {
  const [pool] = config['pools'] as { deployments: JsonObject[] }[];
  const [teams] = [config['teams'] as JsonObject[]];
  const at = (region: string, model: string, priority: number) => {
    const found = pool?.deployments.find(({ name }) => name === region);
    return { ...found, deployment: model, priority };
  };
  return {
    ...config,
    pools: rows.map(({ model, endpoint }) => {
      const first = at('eastus', model, 1);
      const elsewhereOnly = endpoint === undefined ? {} : { endpoint: endpoint() };
      return {
        model,
        price: 'gpt-4.1-mini',
        deployments: [{ ...first, ...elsewhereOnly }, at('westeurope', model, 2)],
      };
    }),
    teams: teams?.map((team) => ({ ...team, models: rows.map(({ model }) => model), fallbackModel: undefined })),
    timeouts: { connectMs: 2000, firstByteMs: 3000, totalMs: 10_000 },
    retry: { maxAttempts: 3, baseDelayMs: 200, maxDelayMs: 1000 },
  };
}

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function startNetwork(): Promise<void> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const asked = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=localhost', '-days', '1'];
  execFileSync('openssl', [...asked, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
  const secure = createSecureServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (_, response) =>
    response.end('{}'),
  );
  certificateUrl = `https://127.0.0.1:${await listen(secure)}`;
  silentUrl = `http://127.0.0.1:${await listen(createServer(() => {}))}`;
}

async function simulate(path: string, body: JsonObject): Promise<void> {
  const answer = await fetch(`${weir.simulatorUrl}/_sim/${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`Refused: ${await answer.text()}`);
}

/** Plays a row's fault to one job of its own model. */
async function play({ kind, model, script }: (typeof rows)[number]): Promise<void> {
  if (kind !== null) await weir.fault({ kind, deployment: model, ...script });
  if (kind === 'hint') await simulate('load', { region: 'eastus', deployment: model, tokens: 100_000 });
  const { id } = await weir.submit(chatJob('Name three rivers.', { model, max_tokens: 8 }));
  const end = weir.waitForEnd(String(id), { withinMs: 400_000 });
  // One row that hangs fails by itself.
  ended.set(model, await end.catch((error: Error) => ({ id, status: error.message, attempts: [] })));
}

beforeAll(async () => {
  await startNetwork();
  weir = await WeirUnderTest.start({ configure: poolsOfRows });
  // Ten extra calls in 10 to 20 s are free: faster, the retry budget would end rounds that this test wants to see go on.
  const playing: Promise<void>[] = [];
  for (const row of rows) {
    playing.push(play(row));
    await new Promise((resolve) => setTimeout(resolve, betweenRowsMs));
  }
  await Promise.all(playing);
  await waitFor('nothing in flight', async () => {
    const report = (await (await fetch(`${weir.simulatorUrl}/_sim/report`)).json()) as { total: { inFlight: number } };
    return report.total.inFlight === 0;
  });
  usage = await readUsageRows(weir);
}, 900_000);

afterAll(async () => {
  await weir?.stop();
  for (const socket of sockets) socket.destroy();
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true, force: true });
});

const outcomesOf = (job: JsonObject) =>
  (job['attempts'] as { deployment: string; outcome: string }[]).map(({ deployment, outcome }) => [
    deployment,
    outcome,
  ]);
const costsOf = (job: JsonObject) => usage.filter((row) => row.job === job['id']).sort((a, b) => a.attempt - b.attempt);

describe('a job whose region plays a fault', () => {
  it('is told of every kind that the simulator can play', () => {
    expect(Object.keys(kinds).toSorted()).toEqual([...FAULT_KINDS].toSorted());
    for (const kind of FAULT_KINDS) expect(kinds[kind].length, kind).toBeGreaterThan(0);
  });

  it.each(rows.map((row) => [row.name, row] as const))('(%s) ends as designed', async (_, { model, end }) => {
    const job = ended.get(model);
    const events = await weir.request('GET', `/jobs/${job.id}/events`);
    const reasons = events.body.data.map(({ reason }: { reason?: string }) => reason);
    switch (end.ends) {
      case 'elsewhere':
        expect(job.status).toBe('succeeded');
        expect(outcomesOf(job)).toEqual([
          ['eastus', end.first],
          ['westeurope', 'succeeded'],
        ]);
        expect(reasons).toContain(end.reason);
        expect(costsOf(job).map((row) => Number(row.cost_usd) > 0)).toEqual([end.isBilled, true]);
        break;
      case 'later':
        expect(job.status).toBe('succeeded');
        expect(job.attempts).toHaveLength(end.calls);
        break;
      case 'here':
        expect(outcomesOf(job)).toEqual([['eastus', 'succeeded']]);
        expect(job.cost.measured).toBe(end.isMeasured);
        break;
      case 'failed':
        expect(job.status).toBe('failed');
        expect(job.error).toMatchObject({ type: end.type, ...(end.code === '' ? {} : { code: end.code }) });
        expect(costsOf(job).map((row) => Number(row.cost_usd) > 0)).toEqual(job.attempts.map(() => end.isBilled));
    }
  });

  it.each(rows.filter(({ kind }) => kind !== null).map((row) => [row.name, row] as const))(
    '(%s) is on the accounts as on the bill, call by call',
    async (_, { model }) => {
      const job = ended.get(model);
      const calls = (await readRequests(weir)).filter((request) => request.job === job.id);
      const booked = costsOf(job);
      expect(booked.map(({ attempt }) => attempt)).toEqual(
        calls.map(({ attempt }) => Number(attempt)).sort((left, right) => left - right),
      );
      for (const call of calls) {
        const row = booked.find(({ attempt }) => attempt === Number(call.attempt));
        expect(Number(row?.cost_usd) > 0, `attempt ${call.attempt}`).toBe(call.billed);
        if (row?.measured !== true || !call.billed || call.usage === null) continue;
        expect([row.input_tokens, row.output_tokens]).toEqual([call.usage.promptTokens, call.usage.completionTokens]);
      }
    },
  );
});
