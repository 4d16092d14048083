import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FaultProxy, proxyStorage } from '../../tools/reliability/fault-proxy.ts';
import { settleBill } from '../support/compare-bill.ts';
import { chatJob, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

/** Accepted while the queue was down; the sweep gives such a job its wake-up after half a minute. */
const unsent: string[] = [];

let weir: WeirUnderTest;
let tables: FaultProxy;
let queues: FaultProxy;

beforeAll(async () => {
  weir = await WeirUnderTest.start({
    rewireStorage: async (original) => {
      const behindTables = await proxyStorage(original, 'Table');
      const behindBoth = await proxyStorage(behindTables.connectionString, 'Queue');
      tables = behindTables.proxy;
      queues = behindBoth.proxy;
      return behindBoth.connectionString;
    },
  });
});

afterAll(async () => {
  await weir.stop();
  await tables.stop();
  await queues.stop();
});

describe('the queue', () => {
  test('fault 11: being down costs no acceptance: 202, and the job is on record', async () => {
    queues.setFault({ kind: 'down' });
    try {
      for (let count = 0; count < 3; count += 1) {
        const answer = await weir.request('POST', '/jobs', { body: chatJob(`Unsent ${count}`) });
        expect(answer.status).toBe(202);
        unsent.push(answer.body.id);
      }
      expect((await weir.request('GET', `/jobs/${unsent[0]}`)).body.status).toBe('queued');
    } finally {
      queues.setFault({ kind: 'none' });
    }
  });
});

describe('tables', () => {
  test('fault 9: being down is a 503 with Retry-After within seconds, and it passes by itself', async () => {
    const before = String((await weir.submit())['id']);
    await weir.waitForEnd(before);
    tables.setFault({ kind: 'down' });
    for (const [method, path] of [
      ['POST', '/jobs'],
      ['GET', `/jobs/${before}`],
      ['POST', `/jobs/${before}/cancel`],
    ] as const) {
      const body = path === '/jobs' ? chatJob('While tables are down') : undefined;
      const answer = await weir.request(method, path, { body });
      expect([path, answer.status, answer.body.error.code]).toEqual([path, 503, 'storage_unavailable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    }
    // It repeats its verdict for two seconds.
    await waitFor('ill health', async () => (await fetch(`${weir.baseUrl}/health`)).status === 503);
    tables.setFault({ kind: 'none' });
    await waitFor('health', async () => (await fetch(`${weir.baseUrl}/health`)).status === 200);
    expect((await weir.waitForEnd(String((await weir.submit())['id']))).status).toBe('succeeded');
  });

  test('being down while a call is in flight loses neither its answer nor its money', async () => {
    await weir.fault({ kind: 'latency', latencyMs: 5000 });
    const id = String((await weir.submit())['id']);
    await waitFor('the call', async () => (await callsUnderWay()) > 0);
    tables.setFault({ kind: 'down' });
    const before = tables.strikes;
    await waitFor('the answer', async () => (await callsUnderWay()) === 0);
    const answered = tables.strikes;
    expect(answered).toBeGreaterThan(before);
    await waitFor('a commit in vain', () => tables.strikes >= answered + 4);
    tables.setFault({ kind: 'none' });
    await weir.clearFaults();
    const ended = await weir.waitForEnd(id);
    expect(ended.status).toBe('succeeded');
    await settleBill(weir);
  });

  test('fault 10: that answer late or lose their answers delay jobs and double none', async () => {
    const headers = { 'idempotency-key': 'through-the-storm' };
    tables.setFault({ kind: 'cut', afterBytes: 0 });
    await weir.request('POST', '/jobs', { body: chatJob('Storm'), headers }).catch(() => null);
    tables.setFault({ kind: 'latency', latencyMs: 120 });
    const accepted = await weir.insist('POST', '/jobs', { body: chatJob('Storm'), headers });
    expect([200, 202]).toContain(accepted.status);
    const pass = setInterval(() => tables.setFault({ kind: 'cut', afterBytes: 100 }), 700);
    const ease = setInterval(() => tables.setFault({ kind: 'latency', latencyMs: 120 }), 800);
    const ids = [accepted.body.id];
    for (let count = 0; count < 5; count += 1) {
      const answer = await weir.request('POST', '/jobs', { body: chatJob(`Storm ${count}`) });
      if (answer.status === 202) ids.push(answer.body.id);
    }
    await new Promise((resolve) => setTimeout(resolve, 3000));
    clearInterval(pass);
    clearInterval(ease);
    tables.setFault({ kind: 'none' });
    for (const id of ids) expect((await weir.waitForEnd(id)).status).toBe('succeeded');
    // A submission that was told 503 may be on record all the same: those jobs end too.
    await waitFor('no hold', hasNoHold);
    await settleBill(weir);
    const again = await weir.request('POST', '/jobs', { body: chatJob('Storm'), headers });
    expect(again.body.id).toBe(accepted.body.id);
  });
});

test('fault 26: jobs whose wake-ups were lost end once the queue is back', async () => {
  for (const id of unsent) expect((await weir.waitForEnd(id)).status).toBe('succeeded');
  expect(unsent).toHaveLength(3);
  const { body } = await weir.request('GET', `/jobs/${unsent[0]}/events`);
  expect(body.data.map((event: { type: string }) => event.type)).toContain('resent');
  await waitFor('no hold', hasNoHold);
  await settleBill(weir);
});

async function callsUnderWay(): Promise<number> {
  const report = await fetch(`${weir.simulatorUrl}/_sim/report`);
  return ((await report.json()) as { total: { inFlight: number } }).total.inFlight;
}

async function hasNoHold(): Promise<boolean> {
  return (await weir.request('GET', '/budgets/search')).body.held_usd === '0.000000';
}
