import { QueueClient } from '@azure/storage-queue';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareBill, readRequests, settleBill } from '../support/compare-bill.ts';
import { chatJob, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

let weir: WeirUnderTest;

beforeAll(async () => {
  // The grace is the default one, and the host ends the app after five seconds as the real one does. A lease far longer than
  // the test: what goes on soon was handed back, not taken over.
  weir = await WeirUnderTest.start({ hastened: { WEIR_LEASE_SECONDS: '600' } });
});

afterAll(async () => {
  await weir.stop();
});

test('fault 20: on termination short calls finish, and long ones and what waits are handed back to the next process', async () => {
  await weir.fault({ kind: 'latency', latencyMs: 300, region: 'eastus' });
  await weir.fault({ kind: 'latency', latencyMs: 60_000, region: 'westeurope' });
  await weir.fault({ kind: 'latency', latencyMs: 60_000, region: 'eastasia' });
  const ids: string[] = [];
  for (let number = 0; number < 12; number += 1)
    ids.push(String((await weir.submit(chatJob(`Drain ${number}`)))['id']));
  await waitFor('calls in flight', async () => {
    const figures = await fetch(`${weir.simulatorUrl}/_sim/report`).then((answer) => answer.json());
    return (figures as { total: { inFlight: number } }).total.inFlight >= 6;
  });
  await weir.stopHost();
  const sentBefore = (await readRequests(weir)).length;
  expect(sentBefore).toBeGreaterThanOrEqual(6);
  await expectFreshMessages();

  await weir.clearFaults();
  await weir.startHost();
  const ended = await Promise.all(ids.map((id) => weir.waitForEnd(id)));
  expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['succeeded']));
  const cut = ended.filter(({ attempts }) => attempts.length > 1);
  const calm = ended.filter(({ attempts }) => attempts.length === 1);
  expect(cut.every(({ attempts }) => attempts[0].outcome === 'aborted')).toBe(true);
  expect(cut.length).toBeGreaterThan(0);
  expect(calm.length).toBeGreaterThan(0);
  await settleBill(weir);
  const bill = await compareBill(weir, 'search', new Set(ids));
  expect(bill.rows).toBe(ended.reduce((sum, { attempts }) => sum + attempts.length, 0));
  expect(bill.unknown).toBe(0);
  expect((await weir.request('GET', '/budgets/search')).body.held_usd).toBe('0.000000');
});

/** What was handed back waits under new messages: none has used up a delivery. */
async function expectFreshMessages(): Promise<void> {
  const queue = new QueueClient(weir.storageConnectionString, 'jobs-standard');
  const { peekedMessageItems } = await queue.peekMessages({ numberOfMessages: 32 });
  expect(peekedMessageItems.length).toBeGreaterThan(0);
  expect(peekedMessageItems.map(({ dequeueCount }) => dequeueCount)).toEqual(peekedMessageItems.map(() => 0));
}
