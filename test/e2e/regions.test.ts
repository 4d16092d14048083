import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reservePort } from '../../tools/start/listening-port.ts';
import { chatJob, type JsonObject, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

let weir: WeirUnderTest;

/** eastus first, then westeurope, then eastasia; short time limits and delays. */
function preferEastus(config: JsonObject): JsonObject {
  const order = ['eastus', 'westeurope', 'eastasia'];
  for (const pool of config['pools'] as { deployments: { name: string; priority: number }[] }[]) {
    for (const deployment of pool.deployments) deployment.priority = order.indexOf(deployment.name) + 1;
  }
  return {
    ...config,
    timeouts: { connectMs: 1000, firstByteMs: 3000, totalMs: 6000 },
    retry: { baseDelayMs: 200, maxDelayMs: 3000 },
  };
}

interface Row {
  readonly job: string;
  readonly attempt: number;
  readonly deployment: string;
  readonly outcome: string;
  readonly cost_usd: string;
}

beforeAll(async () => {
  weir = await WeirUnderTest.start({ configure: preferEastus });
});

afterAll(async () => {
  await weir.stop();
});

/** A job whose answer takes the simulator half a second. */
const brief = (prompt: string) => chatJob(prompt, { max_tokens: 8 });

/** Submits a job, and two more once it has ended: so many good answers that no breaker opens over one bad one. */
async function runWithFault(script: JsonObject) {
  await weir.fault({ region: 'eastus', count: 1, ...script });
  const job = await weir.submit(brief('Name three rivers.'));
  const ended = await weir.waitForEnd(String(job['id']));
  await weir.clearFaults();
  const calm = [await weir.submit(brief('Name a lake.')), await weir.submit(brief('Name a sea.'))];
  for (const other of calm) await weir.waitForEnd(String(other['id']));
  return ended;
}

async function usageOf(job: string): Promise<Row[]> {
  const { body } = await weir.request('GET', '/usage');
  const rows: Row[] = body.data.filter((row: Row) => row.job === job);
  return rows.toSorted((left, right) => left.attempt - right.attempt);
}

async function deployments(baseUrl = weir.baseUrl) {
  const answer = await fetch(`${baseUrl}/deployments`, {
    headers: { authorization: `Bearer ${weir.keys['platform']}` },
  });
  const { data } = (await answer.json()) as {
    data: { name: string; model: string; health: string; breaker: JsonObject; next_probe_at: number | null }[];
  };
  return data.filter(({ model }) => model === 'gpt-4.1-mini');
}

async function readReport() {
  const report = (await (await fetch(`${weir.simulatorUrl}/_sim/report`)).json()) as {
    total: { billed: { calls: number }; inFlight: number };
    regions: { region: string; received: number }[];
  };
  return report;
}

const received = async (region: string) =>
  (await readReport()).regions.find((entry) => entry.region === region)?.received ?? 0;

describe('a call that the first region spoils', () => {
  it.each<[string, JsonObject, { outcome: string; isBilled: boolean }]>([
    ['a 500', { kind: 'status', status: 500 }, { outcome: 'failed', isBilled: false }],
    ['a 503', { kind: 'status', status: 503 }, { outcome: 'failed', isBilled: false }],
    ['a 408', { kind: 'status', status: 408 }, { outcome: 'unknown', isBilled: true }],
    ['silence', { kind: 'hang' }, { outcome: 'unknown', isBilled: true }],
    ['a reset', { kind: 'reset' }, { outcome: 'unknown', isBilled: true }],
    ['a cut connection', { kind: 'truncate' }, { outcome: 'unknown', isBilled: true }],
    ['cut JSON', { kind: 'cut-json' }, { outcome: 'unknown', isBilled: true }],
    ['an empty 200', { kind: 'empty' }, { outcome: 'unknown', isBilled: true }],
    ['a 200 of HTML', { kind: 'html' }, { outcome: 'unknown', isBilled: true }],
    ['a 200 without choices', { kind: 'no-choices' }, { outcome: 'failed', isBilled: true }],
    ['an error in a 200', { kind: 'stream-error' }, { outcome: 'unknown', isBilled: true }],
    ['50 MB', { kind: 'big-body' }, { outcome: 'unknown', isBilled: true }],
  ])('(%s) succeeds in the next one and is on the accounts', async (_, script, expected) => {
    const ended = await runWithFault(script);
    expect(ended.status).toBe('succeeded');
    expect(ended.attempts).toMatchObject([
      { deployment: 'eastus', outcome: expected.outcome },
      { deployment: 'westeurope', outcome: 'succeeded' },
    ]);
    const rows = await usageOf(ended.id);
    expect(rows.map((row) => [row.deployment, row.outcome, Number(row.cost_usd) > 0])).toEqual([
      ['eastus', expected.outcome, expected.isBilled],
      ['westeurope', 'succeeded', true],
    ]);
  });

  it.each<[string, JsonObject, string]>([
    ['the content filter', { kind: 'content-filter' }, 'content_filter'],
    ['a 422', { kind: 'status', status: 422 }, 'invalid_request'],
  ])('(%s) is final where the request is at fault, and brings the service’s answer', async (_, script, code) => {
    const ended = await runWithFault(script);
    expect(ended.status).toBe('failed');
    expect(ended.error.type).toBe('invalid_request_error');
    if (code === 'content_filter') expect(ended.error.code).toBe(code);
    expect(ended.response.status_code).toBeGreaterThanOrEqual(400);
    expect(ended.attempts).toHaveLength(1);
  });

  it('costs as many calls on the accounts as on the bill', async () => {
    await waitFor('nothing in flight', async () => (await readReport()).total.inFlight === 0);
    // A call that has just ended is on the accounts a little later than on the bill.
    await waitFor('accounts as the bill', async () => {
      const { body } = await weir.request('GET', '/usage', { team: 'platform' });
      const paid = body.data.filter((row: Row) => Number(row.cost_usd) > 0).length;
      return (await readReport()).total.billed.calls === paid;
    });
  });

  it('moves on at once, and the trail says why the next deployment was chosen', async () => {
    const ended = await runWithFault({ kind: 'status', status: 503 });
    const events = await weir.request('GET', `/jobs/${ended.id}/events`);
    const claims = events.body.data.filter((event: { type: string }) => event.type === 'claimed');
    // A claim that came too late for its send time is made again.
    const chosen = claims.map((claim: { deployment: string }) => claim.deployment);
    expect([...new Set(chosen)]).toEqual(['eastus', 'westeurope']);
    expect(claims.at(-1).why).toContain('eastus');
    const types = events.body.data.map((event: { type: string }) => event.type);
    const between = types.slice(types.indexOf('claimed') + 1, types.lastIndexOf('claimed'));
    // Neither a back-off nor the line lies between the two calls.
    expect(between).not.toContain('deferred');
  });
});

describe('a wrong operation', () => {
  it('is refused at the door with what would work', async () => {
    const body = { model: 'gpt-4.1-mini', input: 'rivers' };
    const { status, body: answer } = await weir.request('POST', '/jobs', {
      body: { endpoint: '/v1/embeddings', body },
    });
    expect([status, answer.error.code, answer.error.param]).toEqual([400, 'invalid_request', 'endpoint']);
    expect(answer.error.message).toContain('text-embedding-3-small');
  });

  it('that no region has takes no deployment from other work, however many jobs ask for it', async () => {
    await weir.fault({ kind: 'status', status: 404, api: 'responses' });
    const asked = { endpoint: '/v1/responses', body: { model: 'gpt-4.1-mini', input: 'Name a delta.' } };
    const ids: string[] = [];
    // Every deployment has answered a chat first.
    await waitFor('every region to have been used', async () => {
      await weir.waitForEnd(String((await weir.submit(brief('Name a fjord.')))['id']));
      ids.push(String((await weir.submit(asked))['id']));
      return ids.length >= 5;
    });
    for (const id of ids) {
      expect((await weir.waitForEnd(id)).error).toMatchObject({ code: 'upstream_error', type: 'server_error' });
    }
    await weir.clearFaults();
    const seen = await deployments();
    expect(seen.find(({ name }) => name === 'eastus')).toMatchObject({
      health: 'healthy',
      breaker: { state: 'closed' },
    });
    expect((await weir.waitForEnd(String((await weir.submit(brief('Name a gulf.')))['id']))).attempts).toHaveLength(1);
  });
});

describe('a region out of capacity', () => {
  it('is left alone for as long as it says, without a mark on its health', async () => {
    await weir.fault({ region: 'eastus', kind: 'capacity', retryAfter: '30', count: 1 });
    // Which region is the least loaded is told by what went before: the first jobs may be another one's.
    let throttled: Awaited<ReturnType<typeof weir.waitForEnd>> = {};
    await waitFor('eastus to be short of capacity', async () => {
      throttled = await weir.waitForEnd(String((await weir.submit(brief('Name a hill.')))['id']));
      return throttled.attempts.length > 1;
    });
    // Which of the others has the earliest start is told by what went before, too.
    expect(throttled.attempts).toMatchObject([
      { deployment: 'eastus', status_code: 429, outcome: 'throttled' },
      { deployment: expect.not.stringMatching('eastus'), outcome: 'succeeded' },
    ]);
    const [row] = await usageOf(throttled.id);
    expect(Number(row?.cost_usd)).toBe(0);
    const eastus = (await deployments()).find(({ name }) => name === 'eastus');
    expect(eastus).toMatchObject({ health: 'cooling', breaker: { state: 'closed', reason: 'throttled_capacity' } });
    await waitFor('eastus again', async () => {
      await weir.waitForEnd(String((await weir.submit(brief('Name a hill.')))['id']));
      return (await deployments()).find(({ name }) => name === 'eastus')?.health === 'healthy';
    });
  });
});

describe('a credential that a region rejects', () => {
  it('is told to operators, and the work goes elsewhere', async () => {
    await weir.fault({ region: 'eastus', kind: 'status', status: 401, count: 1 });
    // A deployment that has just come back ramps up: the first jobs may be another one's.
    const eastus = async () => (await deployments()).find(({ name }) => name === 'eastus');
    await waitFor('eastus to reject the credential', async () => {
      const ended = await weir.waitForEnd(String((await weir.submit(brief('Name a bay.')))['id']));
      expect(ended.status).toBe('succeeded');
      return (await eastus())?.health === 'ejected';
    });
    expect(await eastus()).toMatchObject({ breaker: { state: 'open', reason: 'credential_rejected' } });
    // A line is printed after the row says the same.
    for (const notice of ['credential_rejected', 'breaker_opened']) {
      await waitFor(`notice ${notice}`, () => weir.hostLines.some((line) => line.includes(notice)));
    }
  });
});

/** Told in whole seconds, and by a host that may have looked a second ago: so much before a test is due, nobody can have made it. */
const toldMs = 2500;
/** After a test that failed a break takes eight seconds, told in whole ones: so soon after a test was due there has been no second. */
const breakMs = 7000;

/** From within one break to within the next: exactly one call comes. False when a slow machine has let a break pass unseen. */
async function expectOneTest(region: string): Promise<boolean> {
  const nextTestMs = async () => {
    const view = (await deployments()).find(({ name }) => name === region);
    return view?.health === 'ejected' ? (view.next_probe_at ?? 0) * 1000 : 0;
  };
  const dueMs = await nextTestMs();
  const before = await received(region);
  if (dueMs - toldMs < Date.now()) return false;
  for (let count = 0; count < 6; count += 1) await weir.submit(brief('Name a village.'));
  await waitFor('the next break', async () => (await nextTestMs()) > dueMs + toldMs);
  const calls = (await received(region)) - before;
  if (Date.now() - dueMs > breakMs || (await nextTestMs()) - toldMs < Date.now()) return false;
  expect(calls).toBe(1);
  return true;
}

describe('two hosts over one storage', () => {
  it('share a breaker: when one has opened it, the other knows, and neither calls the region any more', async () => {
    const port = await reservePort(0);
    const second = await weir.startAnotherHost(port);
    const secondUrl = `http://127.0.0.1:${port}`;
    try {
      await weir.fault({ region: 'westeurope', kind: 'status', status: 503 });
      const isOut = async (url: string) =>
        (await deployments(url)).find(({ name }) => name === 'westeurope')?.health === 'ejected';
      const ids: string[] = [];
      await waitFor('the breaker to open', async () => {
        ids.push(String((await weir.submit(brief('Name a city.')))['id']));
        return isOut(weir.baseUrl);
      });
      await waitFor('the other host to know', () => isOut(secondUrl));
      for (const id of ids) expect((await weir.waitForEnd(id)).status).toBe('succeeded');
      const before = await received('westeurope');
      const beforeMs = Date.now();
      for (let count = 0; count < 8; count += 1) ids.push(String((await weir.submit(brief('Name a town.')))['id']));
      for (const id of ids) expect((await weir.waitForEnd(id)).status).toBe('succeeded');
      // At most the probes whose time has come meanwhile: one each five seconds, however long the jobs took.
      const probes = 1 + Math.floor((Date.now() - beforeMs) / 5000);
      expect((await received('westeurope')) - before).toBeLessThanOrEqual(probes);
      await waitFor('a test between two breaks', () => expectOneTest('westeurope'));
    } finally {
      await weir.clearFaults();
      await second.stop(40_000);
    }
  });
});

describe('every region out', () => {
  it('fault 17: parks the jobs and sends them all once a probe succeeds, without a storm', async () => {
    const beforeMs = Date.now();
    await weir.fault({ kind: 'status', status: 503 });
    const before = (await readReport()).regions.reduce((sum, region) => sum + region.received, 0);
    const ids: string[] = [];
    for (let count = 0; count < 12; count += 1) ids.push(String((await weir.submit(brief('Name an isle.')))['id']));
    await waitFor('the last job to be parked', async () => {
      const trail = await weir.request('GET', `/jobs/${ids.at(-1)}/events`);
      return trail.body.data.some((event: { reason?: string }) => event.reason === 'breaker');
    });
    await weir.clearFaults();
    for (const id of ids) expect((await weir.waitForEnd(id)).status).toBe('succeeded');
    const calls = (await readReport()).regions.reduce((sum, region) => sum + region.received, 0) - before;
    // Twelve that succeed, at most four per region until its breaker opens with those in flight, and a probe each five seconds.
    const probes = 3 * (1 + Math.floor((Date.now() - beforeMs) / 5000));
    expect(calls).toBeLessThanOrEqual(12 + 3 * 6 + probes);
  });
});

describe('a region that accepts calls and never answers', () => {
  it('is asked by a cheap call, left over its silence, and tested by the timer alone', async () => {
    await weir.fault({ region: 'westeurope', kind: 'hang' });
    const isMuteOut = async () => {
      const view = (await deployments()).find(({ name }) => name === 'westeurope');
      return view?.health === 'ejected' && view.breaker['reason'] === 'first_byte_timeout';
    };
    // A long answer's own time limit is far off: only the cheap call can have told.
    const long = chatJob('Name many rivers.', { max_tokens: 2000 });
    const ids: string[] = [];
    await waitFor('the region to be left', async () => {
      if (!(await isMuteOut())) ids.push(String((await weir.submit(long))['id']));
      return isMuteOut();
    });
    const before = await received('westeurope');
    await weir.clearFaults();
    for (const id of ids) expect((await weir.waitForEnd(id)).status).toBe('succeeded');
    await waitFor('the timer to find it well', async () =>
      (await deployments()).every(({ health }) => health === 'healthy'),
    );
    expect(await received('westeurope')).toBeGreaterThan(before);
    expect(weir.hostLines.filter((line) => line.includes('sign_of_life_failed'))).toEqual([]);
  });
});
