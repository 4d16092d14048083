import { afterAll, beforeAll, expect, test } from 'vitest';
import { compareBill, settleBill } from '../support/compare-bill.ts';
import { chatJob, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

const jobCount = 40;
let weir: WeirUnderTest;

beforeAll(async () => {
  weir = await WeirUnderTest.start({
    hastened: { WEIR_LEASE_SECONDS: '10', WEIR_SWEEP_SCHEDULE: '* * * * * *' },
  });
});

afterAll(async () => {
  await weir.stop();
});

test('fault 1: forty jobs all end once though the host is killed twice in their middle, and the books match the bill', async () => {
  // The calls last until both deaths are over, however slowly they begin.
  await weir.fault({ kind: 'latency', latencyMs: 40_000 });
  const ids: string[] = [];
  for (let number = 0; number < jobCount; number += 1) {
    ids.push(String((await weir.submit(chatJob(`Name river ${number}.`)))['id']));
  }
  const killed: number[] = [];
  for (const moment of [1, 2]) {
    await waitFor(`calls in flight, ${moment}`, async () => (await inFlight()) >= 3);
    killed.push(await inFlight());
    await weir.killHost();
    if (moment === 2) await weir.clearFaults();
    await weir.startHost();
  }
  const ended = await Promise.all(ids.map((id) => weir.waitForEnd(id)));

  expect(killed.every((calls) => calls >= 3)).toBe(true);
  expect(new Set(ended.map(({ status }) => status))).toEqual(new Set(['succeeded']));
  const trails = await Promise.all(ids.map((id) => weir.insist('GET', `/jobs/${id}/events`)));
  const ends = trails.map(
    ({ body }) => body.data.filter((event: { type: string }) => event.type === 'succeeded').length,
  );
  expect(ends).toEqual(ids.map(() => 1));

  await settleBill(weir);
  const bill = await compareBill(weir, 'search', new Set(ids));
  expect(bill.differences).toEqual([]);
  expect(bill.rows).toBe(ended.reduce((sum, job) => sum + job.attempts.length, 0));
  expect(bill.unknown).toBeGreaterThan(0);
  expect(bill.rows).toBe(jobCount + bill.unknown);
  expect((await weir.insist('GET', '/budgets/search')).body.held_usd).toBe('0.000000');
});

async function inFlight(): Promise<number> {
  const report = await fetch(`${weir.simulatorUrl}/_sim/report`);
  return ((await report.json()) as { total: { inFlight: number } }).total.inFlight;
}
