import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sweep } from '../../../../src/core/gateway/sweep.ts';
import type { Job } from '../../../../src/core/jobs/job.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';

let gateway: GatewayUnderTest;

beforeEach(() => {
  gateway = new GatewayUnderTest();
});

afterEach(() => {
  gateway.expectSound();
});

/** A job that capacity has sent away, for ten minutes where nothing else is said. */
async function park(
  start: number,
  reason: 'line' | 'breaker' | 'paused' = 'line',
  team = 'search',
  deadlineSeconds = 3600,
  forMs = 600_000,
): Promise<Job> {
  const job = await gateway.accept({ deadlineSeconds, team });
  const untilMs = gateway.clock.now() + forMs;
  gateway.capacity.script({ outcome: 'wait', untilMs, ticket: { start, finish: start + 100 }, reason });
  await gateway.wake(job);
  for (const lane of ['interactive', 'standard', 'bulk'] as const) gateway.state.queues[lane].length = 0;
  return job;
}

describe('jobs that sleep too long', () => {
  test('are woken when their turn has come nearer than they were told', async () => {
    const job = await park(500);
    gateway.capacity.line = { position: 1, startAtMs: gateway.clock.now() + 5000 };
    expect(await sweep(gateway.ports)).toMatchObject({ woken: 1, resent: 0 });
    expect(gateway.liveRow(job)?.dueAtMs).toBe(gateway.clock.now() + 4000);
    await gateway.deliverAll();
    expect(gateway.job(job).end?.status).toBe('succeeded');
  });

  test('sleep on while their turn is far', async () => {
    const job = await park(500);
    gateway.capacity.line = { position: 9, startAtMs: gateway.clock.now() + 31_000 };
    expect(await sweep(gateway.ports)).toMatchObject({ woken: 0 });
    expect(gateway.liveRow(job)?.dueAtMs).toBe(gateway.clock.now() + 600_000);
  });

  test('are woken in the order of their tickets, whoever came first', async () => {
    const late = await park(900);
    const early = await park(100);
    const start = (id: string) => (id === early.id ? 1000 : 60_000);
    gateway.capacity.forecast = async ({ jobId } = { jobId: '' }) => ({
      position: 1,
      startAtMs: gateway.clock.now() + start(jobId),
    });
    expect(await sweep(gateway.ports)).toMatchObject({ woken: 1 });
    expect(gateway.liveRow(early)?.dueAtMs).toBe(gateway.clock.now());
    expect(gateway.liveRow(late)?.dueAtMs).toBe(gateway.clock.now() + 600_000);
  });

  test('do not pass those before them who sleep for less than half a minute', async () => {
    const near = await park(100, 'line', 'search', 3600, 25_000);
    const next = await park(200, 'line', 'search', 3600, 3000);
    const far = await park(300);
    const behind = await park(400, 'line', 'search', 3600, 25_000);
    gateway.capacity.line = { position: 1, startAtMs: gateway.clock.now() + 4000 };
    const now = gateway.clock.now();
    expect(await sweep(gateway.ports)).toMatchObject({ woken: 2 });
    const due = [near, next, far, behind].map((job) => (gateway.liveRow(job)?.dueAtMs ?? 0) - now);
    expect(due).toEqual([3000, 3000, 3000, 25_000]);
  });

  test('are woken again when their turn has come nearer than the last sweep foresaw', async () => {
    const job = await park(100);
    gateway.capacity.line = { position: 1, startAtMs: gateway.clock.now() + 29_000 };
    await sweep(gateway.ports);
    await gateway.clock.advance(5000);
    await park(200);
    gateway.capacity.line = { position: 1, startAtMs: gateway.clock.now() };
    expect(await sweep(gateway.ports)).toMatchObject({ woken: 2 });
    expect(gateway.liveRow(job)?.dueAtMs).toBe(gateway.clock.now());
  });

  test('are woken behind a team that is turned off, which is asked about once', async () => {
    const off = await park(100);
    await park(200);
    const on = await park(900, 'line', 'support');
    let asked = 0;
    gateway.capacity.forecast = async ({ team } = { team: '' }) => {
      asked += 1;
      return { position: 1, startAtMs: team === off.team ? null : gateway.clock.now() };
    };
    expect(await sweep(gateway.ports)).toMatchObject({ woken: 1 });
    expect([gateway.liveRow(on)?.dueAtMs, asked]).toEqual([gateway.clock.now(), 2]);
  });

  test('are woken however near their deadline is, if they were to sleep until then', async () => {
    const job = await park(500, 'paused', 'search', 20);
    expect(await sweep(gateway.ports)).toMatchObject({ woken: 1 });
    await gateway.deliverAll();
    expect(gateway.job(job).end?.status).toBe('succeeded');
  });

  test('are left alone by two sweeps at once after the first has woken them', async () => {
    const job = await park(500, 'breaker');
    const tallies = await Promise.all([sweep(gateway.ports), sweep(gateway.ports)]);
    expect(tallies.map(({ woken }) => woken).toSorted()).toEqual([0, 1]);
    expect(gateway.trail(job).filter((type) => type === 'resent')).toHaveLength(1);
  });

  test('keep the promise of a back-off', async () => {
    const job = await gateway.accept({ deadlineSeconds: 3600 });
    gateway.capacity.script({ outcome: 'wait', untilMs: gateway.clock.now() + 5, ticket: null, reason: 'line' });
    const live = gateway.liveRow(job);
    if (live === null) throw new Error('The job is not live.');
    const dueAtMs = gateway.clock.now() + 600_000;
    const trail = [{ atMs: live.createdAtMs, type: 'deferred' as const, reason: 'server_error_500', untilMs: dueAtMs }];
    const backedOff = { ...live, dueAtMs, trail, ticket: { start: 1, finish: 2 } };
    const version = (await gateway.ports.jobs.readLive(job.team, job.id))?.version ?? '';
    await gateway.ports.jobs.apply(job.team, [{ kind: 'advance', live: backedOff, version, usage: [] }], null);
    expect(await sweep(gateway.ports)).toMatchObject({ woken: 0 });
  });
});
