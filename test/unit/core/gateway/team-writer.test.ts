import { beforeEach, expect, test } from 'vitest';
import { MemoryJobStore } from '../../../../src/core/adapters/memory/job-store.ts';
import { makeMemoryState } from '../../../../src/core/adapters/memory/memory-state.ts';
import { holdMoney } from '../../../../src/core/budgets/hold-money.ts';
import { bookSpend, settleHold } from '../../../../src/core/gateway/money-orders.ts';
import type { TeamOrder } from '../../../../src/core/gateway/team-batch.ts';
import { TeamWriter } from '../../../../src/core/gateway/team-writer.ts';
import type { Job } from '../../../../src/core/jobs/job.ts';
import { storageAway } from '../../../support/gateway-under-test.ts';
import { Intercepted } from '../../../support/intercept.ts';
import {
  makeSampleEnd,
  makeSampleId,
  makeSampleJob,
  makeSampleLive,
  makeSampleUsage,
} from '../../../support/sample-jobs.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const clock = new VirtualClock();
let state = makeMemoryState();
let store = new Intercepted(new MemoryJobStore(state));
let writer = makeWriter();

function makeWriter(): TeamWriter {
  const readBudget = async (team: string, period: string) =>
    (await store.port.readBudget(team, period)) ?? {
      value: { team, period, spentNanoUsd: 0, heldNanoUsd: 0 },
      version: null,
    };
  return new TeamWriter({ store: store.port, readBudget, clock, random: { next: () => 0.5, hex: () => '0' } });
}

beforeEach(() => {
  state = makeMemoryState();
  store = new Intercepted(new MemoryJobStore(state));
  writer = makeWriter();
});

const transactions = () => store.calls.filter((verb) => verb === 'apply').length;

function sampleJob(number: number, changes: Partial<Job> = {}): Job {
  return makeSampleJob('search', { id: makeSampleId(1_790_000_000_000 + number), holdNanoUsd: 100, ...changes });
}

function accept(job: Job, limitNanoUsd: number | null = null): TeamOrder {
  return {
    change: { kind: 'accept', job, live: makeSampleLive(job) },
    period: job.budgetPeriod,
    decideMoney: (budget) => holdMoney(budget, job.holdNanoUsd, limitNanoUsd),
  };
}

async function held(): Promise<number | undefined> {
  return (await store.port.readBudget('search', '2026-11'))?.value.heldNanoUsd;
}

/** Moves time on until everything is resolved. */
async function settle<T>(work: Promise<T>): Promise<T> {
  let isDone = false;
  void work.finally(() => {
    isDone = true;
  });
  while (!isDone) await clock.advance(1000);
  return work;
}

test('a burst of two hundred acceptances is a handful of transactions', async () => {
  const results = await Promise.all(
    Array.from({ length: 200 }, (_, index) => writer.submit('search', accept(sampleJob(index)))),
  );
  expect(new Set(results.map(({ outcome }) => outcome))).toEqual(new Set(['applied']));
  expect(transactions()).toBeLessThanOrEqual(6);
  expect(await held()).toBe(20_000);
});

test('what arrives while a transaction is under way goes with the next one', async () => {
  const first = writer.submit('search', accept(sampleJob(0)));
  store.next('apply', async (proceed) => {
    await clock.sleep(50);
    return proceed();
  });
  await clock.advance(1);
  const rest = Array.from({ length: 20 }, (_, index) => writer.submit('search', accept(sampleJob(index + 1))));
  await settle(Promise.all([first, ...rest]));
  expect(transactions()).toBe(2);
});

test('one duplicate is told to its own caller and to nobody else', async () => {
  const keyed = (number: number) => accept(sampleJob(number, { idempotencyKeySha256: 'k'.repeat(64) }));
  const results = await Promise.all([
    writer.submit('search', accept(sampleJob(1))),
    writer.submit('search', keyed(2)),
    writer.submit('search', keyed(3)),
    writer.submit('search', accept(sampleJob(4))),
  ]);
  expect(results.map(({ outcome }) => outcome)).toEqual(['applied', 'applied', 'rejected', 'applied']);
  expect(results[2]).toEqual({ outcome: 'rejected', reason: 'duplicate' });
  expect(await held()).toBe(300);
});

test('a refusal is never given on a remembered budget: another process may have released money', async () => {
  const limit = 100;
  const other = makeWriter();
  const job = sampleJob(1);
  const accepted = await writer.submit('search', accept(job, limit));
  if (accepted.outcome !== 'applied' || accepted.version === null) throw new Error('not accepted');
  await other.submit('search', {
    change: { kind: 'end', job: { ...job, end: makeSampleEnd() }, version: accepted.version, usage: [] },
    period: job.budgetPeriod,
    decideMoney: settleHold(100, []),
  });
  expect(await writer.submit('search', accept(sampleJob(2), limit))).toMatchObject({ outcome: 'applied' });
});

test('in one batch who does not fit is refused and who is smaller still fits', async () => {
  const results = await Promise.all([
    writer.submit('search', accept(sampleJob(1, { holdNanoUsd: 80 }), 100)),
    writer.submit('search', accept(sampleJob(2, { holdNanoUsd: 50 }), 100)),
    writer.submit('search', accept(sampleJob(3, { holdNanoUsd: 20 }), 100)),
  ]);
  expect(results.map(({ outcome }) => outcome)).toEqual(['applied', 'refused', 'applied']);
  expect(results[1]).toMatchObject({ heldNanoUsd: 80, limitNanoUsd: 100 });
  expect(await held()).toBe(100);
});

test('who was refused stays refused when the rest of the batch cannot be written', async () => {
  store.fail('apply', new RangeError('a row is too large'), 2);
  const results = await Promise.allSettled([
    writer.submit('search', accept(sampleJob(1, { holdNanoUsd: 80 }), 100)),
    writer.submit('search', accept(sampleJob(2, { holdNanoUsd: 50 }), 100)),
    writer.submit('search', accept(sampleJob(3, { holdNanoUsd: 20 }), 100)),
  ]);
  expect(results.map((result) => (result.status === 'fulfilled' ? result.value.outcome : 'thrown'))).toEqual([
    'thrown',
    'refused',
    'applied',
  ]);
  expect(await held()).toBe(20);
});

test('who lost its row stays out when the rest of the batch cannot be written', async () => {
  const keyed = (number: number) => accept(sampleJob(number, { idempotencyKeySha256: 'k'.repeat(64) }));
  await writer.submit('search', keyed(1));
  const results = Promise.allSettled([
    writer.submit('search', keyed(2)),
    writer.submit('search', accept(sampleJob(3))),
    writer.submit('search', accept(sampleJob(4))),
  ]);
  store.next('apply', (proceed) => proceed());
  store.fail('apply', new RangeError('a row is too large'));
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  // One that lost, two together that failed, the two singly: nothing more.
  expect(transactions()).toBe(1 + 1 + 1 + 2);
});

test('storage that is away rejects the batch in hand and nothing after it', async () => {
  store.fail('apply', storageAway);
  const failed = await Promise.allSettled([
    writer.submit('search', accept(sampleJob(1))),
    writer.submit('search', accept(sampleJob(2))),
  ]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  expect(await writer.submit('search', accept(sampleJob(3)))).toMatchObject({ outcome: 'applied' });
  expect(await held()).toBe(100);
});

test('fault 8: two writers that contend for one budget row lose no money and no order', async () => {
  const other = makeWriter();
  const orders = Array.from({ length: 60 }, (_, index) => {
    const order = accept(sampleJob(index));
    return (index % 2 === 0 ? writer : other).submit('search', order);
  });
  const results = await settle(Promise.all(orders));
  expect(results.every(({ outcome }) => outcome === 'applied')).toBe(true);
  expect(await held()).toBe(6000);
});

test('two orders for one row are written one after the other', async () => {
  const job = sampleJob(1);
  const accepted = await writer.submit('search', accept(job));
  if (accepted.outcome !== 'applied' || accepted.version === null) throw new Error('not accepted');
  const usage = [makeSampleUsage('search', { jobId: job.id })];
  const end: TeamOrder = {
    change: { kind: 'end', job: { ...job, end: makeSampleEnd() }, version: accepted.version, usage },
    period: job.budgetPeriod,
    decideMoney: settleHold(100, usage),
  };
  const results = await Promise.all([writer.submit('search', end), writer.submit('search', end)]);
  expect(results.map(({ outcome }) => outcome)).toEqual(['applied', 'rejected']);
  expect(await store.port.readBudget('search', '2026-11')).toMatchObject({
    value: { heldNanoUsd: 0, spentNanoUsd: 464_800 },
  });
});

test('jobs with large requests never make a transaction too large, and none is passed over for ever', async () => {
  const sizes: number[] = [];
  store.next(
    'apply',
    async (proceed, [, changes]) => {
      sizes.push(JSON.stringify(changes).length);
      return proceed();
    },
    1000,
  );
  const orders = Array.from({ length: 80 }, (_, index) => {
    const text = 'x'.repeat(index % 3 === 0 ? 30_000 : 100);
    return writer.submit('search', accept(sampleJob(index, { request: { kind: 'inline', text } })));
  });
  const results = await Promise.all(orders);
  expect(results.every(({ outcome }) => outcome === 'applied')).toBe(true);
  expect(Math.max(...sizes)).toBeLessThan(1_000_000);
});

test('spending between attempts leaves the hold where it is', async () => {
  const job = sampleJob(1);
  const accepted = await writer.submit('search', accept(job));
  if (accepted.outcome !== 'applied' || accepted.version === null) throw new Error('not accepted');
  const usage = [makeSampleUsage('search', { jobId: job.id, costNanoUsd: 70 })];
  await writer.submit('search', {
    change: { kind: 'advance', live: makeSampleLive(job, { attempt: 1 }), version: accepted.version, usage },
    period: job.budgetPeriod,
    decideMoney: bookSpend(usage),
  });
  expect(await store.port.readBudget('search', '2026-11')).toMatchObject({
    value: { heldNanoUsd: 100, spentNanoUsd: 70 },
  });
});

test('teams and months do not wait for each other', async () => {
  store.next('apply', () => new Promise(() => {}));
  void writer.submit('search', accept(sampleJob(1)));
  await clock.advance(1);
  const nextMonth = sampleJob(2, { budgetPeriod: '2026-12' });
  expect(await writer.submit('search', accept(nextMonth))).toMatchObject({ outcome: 'applied' });
});
