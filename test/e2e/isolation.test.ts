import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chatJob, type HttpAnswer, type JsonObject, WeirUnderTest } from '../support/weir-under-test.ts';

/** `search` owns what is asked for, `support` is another team, `platform` the operator; `nobody` has no key. */
const principals = ['search', 'support', 'platform', 'nobody'] as const;
type Asker = (typeof principals)[number];

/** One route and the status that each principal gets. A route of the app without a row here fails the first test. */
interface Row {
  /** Method and route as registered. */
  readonly route: string;
  /** What to ask for, when it is other than the route itself; `{job}` is a job of `search`. */
  readonly path?: string;
  readonly body?: JsonObject;
  readonly expected: Readonly<Record<Asker, number>>;
  /** Whether the operator's answer may name the owner: figures may, content may not. */
  readonly isFigure?: boolean;
}

const everyone = { search: 200, support: 200, platform: 200, nobody: 401 };
const ownerAlone = { search: 200, support: 404, platform: 404, nobody: 401 };
const ownerAndOperator = { search: 200, support: 404, platform: 200, nobody: 401 };
const open = { search: 200, support: 200, platform: 200, nobody: 200 };

const rows: readonly Row[] = [
  { route: 'GET health', expected: open },
  { route: 'GET openapi.json', expected: open },
  {
    route: 'POST jobs',
    body: chatJob('x'),
    expected: { search: 202, support: 202, platform: 202, nobody: 401 },
  },
  { route: 'GET jobs', expected: everyone },
  { route: 'GET jobs', path: '/jobs?after={job}', expected: everyone },
  { route: 'GET jobs/{id}', path: '/jobs/{job}', expected: ownerAlone },
  { route: 'GET jobs/{id}', path: '/jobs/{job}?team=search&id={job}', expected: ownerAlone },
  { route: 'GET jobs/{id}/events', path: '/jobs/{job}/events', expected: ownerAlone },
  { route: 'POST jobs/{id}/cancel', path: '/jobs/{job}/cancel', expected: ownerAlone },
  { route: 'GET budgets/{team}', path: '/budgets/search', expected: ownerAndOperator, isFigure: true },
  { route: 'GET deployments', expected: everyone, isFigure: true },
  { route: 'GET queues', expected: everyone, isFigure: true },
  { route: 'GET metrics/summary', expected: everyone, isFigure: true },
  { route: 'GET usage', expected: everyone, isFigure: true },
  { route: 'GET usage', path: '/usage?group_by=team,project&team=search', expected: everyone, isFigure: true },
  // Last: it takes away what the others ask for.
  { route: 'DELETE jobs/{id}', path: '/jobs/{job}', expected: ownerAlone },
];

const secretPrompt = 'heliotrope-prompt-of-search';
const secretProject = 'heliotrope-project-of-search';
const idempotencyKey = 'heliotrope-key-of-search';
let weir: WeirUnderTest;
let job: JsonObject;
let id: string;

beforeAll(async () => {
  weir = await WeirUnderTest.start();
  const fields = { ...chatJob(secretPrompt), metadata: { project: secretProject } };
  const accepted = await weir.submit(fields, { headers: { 'idempotency-key': idempotencyKey } });
  id = String(accepted['id']);
  job = await weir.waitForEnd(id);
  expect(job['status']).toBe('succeeded');
});

afterAll(async () => {
  await weir.stop();
});

const fill = (path: string, value: string) => path.replaceAll('{job}', value);
const ask = (row: Row, asker: Asker, jobId = id) => {
  const [method = '', route = ''] = row.route.split(' ');
  const options = { team: asker, ...(row.body === undefined ? {} : { body: row.body }) };
  return weir.request(method, fill(row.path ?? `/${route}`, jobId), options);
};

/** What the answer says, without the id of the request. */
const told = (answer: HttpAnswer) => {
  const headers = Object.fromEntries(answer.headers);
  for (const name of ['x-request-id', 'date', 'keep-alive', 'connection']) delete headers[name];
  return { status: answer.status, headers, body: answer.body };
};

test('every route of the running app has its row, and every row its route', async () => {
  const response = await fetch(`${weir.baseUrl}/admin/functions`);
  const functions = (await response.json()) as { invoke_url_template?: string; config: { bindings: JsonObject[] } }[];
  const routes = functions.flatMap(({ invoke_url_template: route, config }) => {
    const trigger = config.bindings.find((binding) => binding['type'] === 'httpTrigger');
    const methods = trigger?.['methods'];
    return Array.isArray(methods) ? methods.map((method) => `${String(method).toUpperCase()} ${route}`) : [];
  });
  expect([...routes].sort()).toEqual([...new Set(rows.map((row) => row.route))].sort());
  for (const { config } of functions) {
    const trigger = config.bindings.find((binding) => binding['type'] === 'httpTrigger');
    if (trigger !== undefined) expect(Array.isArray(trigger['methods'])).toBe(true);
  }
});

test('every answer in the table is one that the OpenAPI document describes, and no operation is without a row', async () => {
  const { body } = await weir.request('GET', '/openapi.json');
  const operations = Object.entries<JsonObject>(body.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path.slice(1)}`),
  );
  expect(operations.sort()).toEqual([...new Set(rows.map((row) => row.route))].sort());
  for (const { route, expected } of rows) {
    const [method = '', path = ''] = route.split(' ');
    const described = Object.keys(body.paths[`/${path}`][method.toLowerCase()].responses);
    expect(described, route).toEqual(expect.arrayContaining([...new Set(Object.values(expected))].map(String)));
  }
});

const strangers = rows.flatMap((row) => principals.filter((one) => one !== 'search').map((asker) => ({ row, asker })));
const name = ({ row, asker }: { row: Row; asker: Asker }) =>
  `${row.route.split(' ')[0]} ${row.path ?? `/${row.route.split(' ')[1]}`} by ${asker}: ${row.expected[asker]}`;

describe('who asks for what is not theirs', () => {
  test.each(strangers.map((one) => [name(one), one] as const))('%s', async (_name, { row, asker }) => {
    const answer = await ask(row, asker);
    expect(answer.status).toBe(row.expected[asker]);
    const text = JSON.stringify(told(answer));
    for (const secret of [secretPrompt, 'key-of-']) expect(text).not.toContain(secret);
    if (asker !== 'platform' || row.isFigure !== true) {
      for (const secret of [id, secretProject, '"search"']) expect(text).not.toContain(secret);
    }
  });

  const hidden = strangers.filter(({ row, asker }) => row.expected[asker] === 404 && row.path?.includes('{job}'));
  test.each(hidden.map((one) => [name(one), one] as const))('%s, exactly as if it were not there', async (_n, one) => {
    const absent = `${id.slice(0, -4)}0000`;
    expect(absent).not.toBe(id);
    expect(told(await ask(one.row, one.asker))).toEqual(told(await ask(one.row, one.asker, absent)));
  });

  test('a budget of another team answers like one of no team', async () => {
    const foreign = await weir.request('GET', '/budgets/search', { team: 'support' });
    const absent = await weir.request('GET', '/budgets/nobody', { team: 'support' });
    expect(told(foreign)).toEqual(told(absent));
  });
});

describe('ways around', () => {
  test.each([
    ['a query', '/jobs?team=search', {}],
    ['a header', '/jobs', { 'x-team': 'search', 'x-weir-team': 'search', 'x-ms-client-principal-name': 'search' }],
    [
      "the platform's header, which is believed only in Azure",
      '/jobs',
      { 'x-ms-client-principal': btoa(JSON.stringify({ claims: [{ typ: 'roles', val: 'Weir.Operator' }] })) },
    ],
  ])('the team is not read from %s', async (_what, path, headers) => {
    const mine = await weir.request('GET', path, { team: 'support', headers });
    expect(mine.status).toBe(200);
    expect(JSON.stringify(mine.body)).not.toContain(id);
  });

  test('a platform principal alone is nobody', async () => {
    const principal = btoa(JSON.stringify({ claims: [{ typ: 'roles', val: 'Weir.Operator' }] }));
    const headers = { 'x-ms-client-principal': principal, 'x-ms-client-principal-id': 'x' };
    expect((await weir.request('GET', '/jobs', { team: 'nobody', headers })).status).toBe(401);
  });

  test("a host key opens nothing: not in the header, not as ?code=, not another team's", async () => {
    for (const path of [
      '/jobs?code=key-of-search',
      '/jobs?api-key=key-of-search',
      '/jobs?access_token=key-of-search',
    ]) {
      const headers = { 'x-functions-key': 'key-of-search' };
      expect((await weir.request('GET', path, { team: 'nobody', headers })).status).toBe(401);
    }
  });

  test("another team's idempotency key makes a job of one's own", async () => {
    const fields = { ...chatJob(secretPrompt), metadata: { project: secretProject } };
    const options = { team: 'support', headers: { 'idempotency-key': idempotencyKey } };
    const answer = await weir.request('POST', '/jobs', { ...options, body: fields });
    expect(answer.status).toBe(202);
    expect(answer.headers.get('idempotent-replayed')).toBeNull();
    expect(answer.body.id).not.toBe(id);
    const replay = await weir.request('POST', '/jobs', { ...options, body: fields });
    expect([replay.body.id, replay.headers.get('idempotent-replayed')]).toEqual([answer.body.id, 'true']);
    // It cancels the own one only.
    expect((await weir.request('POST', `/jobs/${answer.body.id}/cancel`, { team: 'support' })).status).toBe(200);
  });

  test('a team sees of figures its own alone, an operator the sums of all', async () => {
    const usage = (team: string) => weir.request('GET', '/usage?group_by=team', { team });
    const teams = async (team: string) => (await usage(team)).body.data.map((row: JsonObject) => row['team']);
    expect(await teams('search')).toEqual(['search']);
    expect((await teams('support')).filter((team: string) => team !== 'support')).toEqual([]);
    expect(await teams('platform')).toContain('search');
  });
});

describe('the owner', () => {
  const own = rows.filter((row) => row.route !== 'POST jobs');
  test.each(own.map((row) => [`${row.route} ${row.path ?? ''}`, row] as const))('%s', async (_name, row) => {
    expect((await ask(row, 'search')).status).toBe(row.expected.search);
  });

  test('gets nothing any more of what was deleted', async () => {
    expect((await weir.request('GET', `/jobs/${id}`, { team: 'search' })).status).toBe(404);
    const usage = await weir.request('GET', '/usage?group_by=project', { team: 'search' });
    expect(usage.body.data.some((row: JsonObject) => row['project'] === secretProject)).toBe(true);
  });
});
