import { beforeEach, describe, expect, test } from 'vitest';
import { type Damage, damageRow } from '../../../../src/core/adapters/memory/damage-row.ts';
import type { RowKind } from '../../../../src/core/adapters/memory/memory-state.ts';
import { deleteJob } from '../../../../src/core/gateway/cancel-job.ts';
import { readBudget } from '../../../../src/core/gateway/read-budget.ts';
import { readJob } from '../../../../src/core/gateway/read-job.ts';
import { retain } from '../../../../src/core/gateway/retain.ts';
import { sweep } from '../../../../src/core/gateway/sweep.ts';
import type { Job } from '../../../../src/core/jobs/job.ts';
import { findOrphanContent } from '../../../support/check-invariants.ts';
import { GatewayUnderTest, principalOf } from '../../../support/gateway-under-test.ts';
import { answer, hang } from '../../../support/scripted-upstream.ts';

const hourMs = 3_600_000;
const long = 'stone '.repeat(6000);

let gateway: GatewayUnderTest;

beforeEach(() => {
  gateway = new GatewayUnderTest();
});

function hurt(job: Job, kind: RowKind, how: Damage): void {
  const keys = { job: job.id, live: job.id, idem: job.idempotencyKeySha256 ?? '', budget: job.budgetPeriod, usage: '' };
  damageRow(gateway.state, job.team, { kind, key: keys[kind] }, how);
}

const statusOf = async (job: Job) => (await readJob(gateway.ports, job.team, job.id, 0))?.job.end?.status ?? null;
const budgetOf = (job: Job) => gateway.state.teams.get(job.team)?.budgets.get(job.budgetPeriod)?.value;
const gaveUp = { status: 'failed', error: { code: 'record_damaged' } };

describe.each<[RowKind, Damage]>([
  ['job', 'delete'],
  ['job', 'damage'],
  ['live', 'delete'],
  ['live', 'damage'],
])('a waiting job whose %s row met with "%s"', (kind, how) => {
  test('has ended for its owner who looks, and holds no money', async () => {
    const job = await gateway.accept();
    hurt(job, kind, how);
    const view = await readJob(gateway.ports, job.team, job.id, 0);
    expect(view?.job.end).toMatchObject(gaveUp);
    expect(view?.job.end?.error?.message).toContain('Submit it again');
    expect(budgetOf(job)).toMatchObject({ heldNanoUsd: 0, spentNanoUsd: 0 });
    expect(gateway.notices('job_mended')).toHaveLength(1);
    gateway.expectSound();
  });

  test('is ended by its wake-up, once, without a call', async () => {
    const job = await gateway.accept();
    hurt(job, kind, how);
    await gateway.wake(job);
    await gateway.wake(job);
    expect(gateway.job(job).end).toMatchObject(gaveUp);
    expect(gateway.upstream.calls).toHaveLength(0);
    expect(gateway.notices('job_mended')).toHaveLength(1);
    gateway.expectSound();
  });

  test('is ended by the timers although nobody asks for it', async () => {
    const job = await gateway.accept({ deadlineSeconds: 60 });
    hurt(job, kind, how);
    await gateway.clock.advance(61_000);
    await sweep(gateway.ports);
    await retain(gateway.ports);
    expect(gateway.job(job).end).toMatchObject(gaveUp);
    expect(budgetOf(job)?.heldNanoUsd).toBe(0);
    gateway.expectSound();
  });

  test('can be deleted by its owner', async () => {
    const job = await gateway.accept({ prompt: long });
    hurt(job, kind, how);
    expect(await deleteJob(gateway.ports, job.team, job.id)).toBe(true);
    expect(await readJob(gateway.ports, job.team, job.id, 0)).toBeNull();
    expect(findOrphanContent(gateway.state)).toEqual([]);
    gateway.expectSound();
  });
});

describe('a job under its worker', () => {
  test.each<[RowKind, Damage]>([
    ['job', 'delete'],
    ['live', 'damage'],
    ['live', 'delete'],
  ])('whose %s row met with "%s" as the answer came ends with that answer, paid once', async (kind, how) => {
    const job = await gateway.accept();
    gateway.upstream.script('*', async () => {
      hurt(job, kind, how);
      return answer();
    });
    await gateway.finish(gateway.wake(job));
    expect(await statusOf(job)).toBe('succeeded');
    expect(gateway.usage(job)).toMatchObject([{ outcome: 'succeeded', measured: true }]);
    gateway.expectSound();
  });

  test('whose own row was deleted is told as running until then', async () => {
    const job = await gateway.accept();
    gateway.upstream.script('*', hang());
    void gateway.wake(job);
    await gateway.clock.advance(100);
    hurt(job, 'job', 'delete');
    const view = await readJob(gateway.ports, job.team, job.id, 0);
    expect(view).toMatchObject({ job: { model: 'gpt-4.1-mini', end: null }, live: { state: 'running' } });
  });

  test('that is lost as well books the call that was under way', async () => {
    const job = await gateway.accept();
    const dying = new GatewayUnderTest({ beside: gateway });
    gateway.upstream.script('*', async (request, signal) => {
      for (const verb of ['apply', 'readLive'] as const) dying.jobs.next(verb, () => new Promise(() => {}), 1000);
      return hang()(request, signal);
    });
    void dying.wake(job);
    await gateway.clock.advance(1000);
    hurt(job, 'job', 'damage');
    await gateway.clock.advance(46_000);
    expect(await gateway.finish(sweep(gateway.ports))).toMatchObject({ mended: 1 });
    expect(gateway.usage(job)).toMatchObject([{ outcome: 'unknown', measured: false }]);
    expect(gateway.job(job).end).toMatchObject(gaveUp);
    gateway.expectSound();
  });
});

test('a live row that cannot be read is mended by the next sweep', async () => {
  const job = await gateway.accept();
  hurt(job, 'live', 'damage');
  expect(await sweep(gateway.ports)).toMatchObject({ mended: 1, failedJobs: 0 });
  expect(gateway.job(job).end).toMatchObject(gaveUp);
  gateway.expectSound();
});

test('a live row left over beside a job that has ended is removed, and the end stays', async () => {
  const job = await gateway.accept();
  const row = gateway.state.teams.get(job.team)?.live.get(job.id);
  gateway.upstream.script('*', answer());
  await gateway.wake(job);
  if (row !== undefined) gateway.state.teams.get(job.team)?.live.set(job.id, row);
  expect((await readJob(gateway.ports, job.team, job.id, 0))?.job.end?.status).toBe('succeeded');
  expect(gateway.liveRow(job)).toBeNull();
  gateway.expectSound();
});

describe('an idempotency key', () => {
  test.each<Damage>(['delete', 'damage'])('whose row met with "%s" can be used again', async (how) => {
    const job = await gateway.accept({ idempotencyKey: 'once' });
    hurt(job, 'idem', how);
    expect((await gateway.submit({ idempotencyKey: 'once' })).isReplay).toBe(false);
  });

  test('that stands for a job of which nothing is left can be used again', async () => {
    const job = await gateway.accept({ idempotencyKey: 'once' });
    hurt(job, 'job', 'delete');
    hurt(job, 'live', 'delete');
    expect((await gateway.submit({ idempotencyKey: 'once' })).isReplay).toBe(false);
    expect((await gateway.submit({ idempotencyKey: 'once' })).isReplay).toBe(true);
  });

  test('of a job whose own row was deleted gives that job back, ended', async () => {
    const job = await gateway.accept({ idempotencyKey: 'once' });
    hurt(job, 'job', 'delete');
    const again = await gateway.submit({ idempotencyKey: 'once' });
    expect([again.isReplay, again.view.job.id, again.view.job.end?.status]).toEqual([true, job.id, 'failed']);
  });
});

describe('a budget row', () => {
  test.each<Damage>(['delete', 'damage'])('that met with "%s" is counted anew by the next write', async (how) => {
    const ended = await gateway.accept();
    gateway.upstream.script('*', answer());
    await gateway.wake(ended);
    const waiting = await gateway.accept();
    const before = budgetOf(ended);
    expect(before?.spentNanoUsd).toBeGreaterThan(0);
    hurt(ended, 'budget', how);
    // Another process has nothing in mind of what the row said.
    const other = new GatewayUnderTest({ beside: gateway });
    const told = await readBudget(other.ports, principalOf('search'), 'search');
    expect(told).toMatchObject({ period: ended.budgetPeriod });
    await other.accept();
    expect(budgetOf(ended)?.spentNanoUsd).toBe(before?.spentNanoUsd);
    expect(budgetOf(ended)?.heldNanoUsd).toBe(2 * waiting.holdNanoUsd);
    expect(other.notices('budget_recovered').length).toBeGreaterThan(0);
    gateway.expectSound();
  });

  test('keeps no job from ending in the process that remembers it', async () => {
    const job = await gateway.accept();
    hurt(job, 'budget', 'damage');
    gateway.upstream.script('*', answer());
    expect(await gateway.finish(gateway.wake(job))).toBe('ended');
    gateway.expectSound();
  });

  test('that holds money of no live job is corrected within the hour', async () => {
    const job = await gateway.accept();
    hurt(job, 'job', 'delete');
    hurt(job, 'live', 'delete');
    expect(budgetOf(job)?.heldNanoUsd).toBe(job.holdNanoUsd);
    expect(await retain(gateway.ports)).toMatchObject({ recountedBudgets: 1 });
    expect(budgetOf(job)?.heldNanoUsd).toBe(0);
    expect(await retain(gateway.ports)).toMatchObject({ recountedBudgets: 0 });
  });
});

test('a team whose entry was deleted by hand is swept again', async () => {
  const job = await gateway.accept({ deadlineSeconds: 5 });
  gateway.state.registered.delete('search');
  await gateway.clock.advance(6000);
  await retain(gateway.ports);
  await sweep(gateway.ports);
  expect(await statusOf(job)).toBe('expired');
});

describe('content', () => {
  test('that no row names goes after a day, and nothing that is still named', async () => {
    const kept = await gateway.accept({ prompt: long, deadlineSeconds: 86_400 });
    const lost = await gateway.accept({ prompt: long });
    hurt(lost, 'job', 'delete');
    hurt(lost, 'live', 'delete');
    await gateway.clock.advance(25 * hourMs);
    expect(await retain(gateway.ports)).toMatchObject({ orphans: 0 });
    await gateway.clock.advance(2 * hourMs);
    expect(await retain(gateway.ports)).toMatchObject({ orphans: 1 });
    expect(await gateway.ports.contents.read(lost.request)).toEqual({ outcome: 'missing' });
    expect(await gateway.ports.contents.read(kept.request)).toMatchObject({ outcome: 'read' });
  });

  test('whose job cannot be read is kept: what it names is not known', async () => {
    const job = await gateway.accept({ prompt: long });
    gateway.upstream.script('*', answer());
    await gateway.wake(job);
    hurt(job, 'job', 'damage');
    await gateway.clock.advance(27 * hourMs);
    expect(await retain(gateway.ports)).toMatchObject({ orphans: 0 });
    expect(await gateway.ports.contents.read(job.request)).toMatchObject({ outcome: 'read' });
  });
});

test('a job past its retention that cannot be read is ended as such and goes when that time is over too', async () => {
  gateway = new GatewayUnderTest({ config: { retention: { contentHours: 48, usageMonths: 2 } } });
  const job = await gateway.accept();
  gateway.upstream.script('*', answer());
  await gateway.wake(job);
  hurt(job, 'job', 'damage');
  await gateway.clock.advance(49 * hourMs);
  expect(await retain(gateway.ports)).toMatchObject({ mendedJobs: 1, jobs: 0 });
  await gateway.clock.advance(49 * hourMs);
  expect(await retain(gateway.ports)).toMatchObject({ jobs: 1 });
});
