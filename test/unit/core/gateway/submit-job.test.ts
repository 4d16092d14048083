import { beforeEach, describe, expect, test } from 'vitest';
import { deleteJob } from '../../../../src/core/gateway/cancel-job.ts';
import { WeirError } from '../../../../src/core/http/weir-error.ts';
import { findOrphanContent } from '../../../support/check-invariants.ts';
import { GatewayUnderTest, storageAway } from '../../../support/gateway-under-test.ts';
import { answer, hang } from '../../../support/scripted-upstream.ts';
import { minimalConfig } from '../config/minimal-config.ts';

let gateway: GatewayUnderTest;

beforeEach(() => {
  gateway = new GatewayUnderTest();
});

/** What a submission is refused with. */
async function refusalOf(submitted: Promise<unknown>): Promise<WeirError> {
  const error = await submitted.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WeirError)) throw new Error(`Expected a refusal, got ${String(error)}`);
  return error;
}

function withBudget(monthlyUsd: string, hard = true): GatewayUnderTest {
  const { teams, ...rest } = minimalConfig();
  return new GatewayUnderTest({
    config: { ...rest, teams: teams.map((team) => ({ ...team, budget: { monthlyUsd, hard } })) },
  });
}

const long = 'river '.repeat(6000);

describe('acceptance', () => {
  test('an accepted job is on record with its hold before it is queued', async () => {
    gateway.wakeQueue.next('send', async (proceed) => {
      expect(gateway.state.teams.get('search')?.jobs.size).toBe(1);
      gateway.expectSound();
      return proceed();
    });
    const { view, isReplay } = await gateway.submit();
    expect(isReplay).toBe(false);
    expect(view.job.holdNanoUsd).toBeGreaterThan(0);
    expect(gateway.state.queues.standard).toHaveLength(1);
    gateway.expectSound();
  });

  test('the queue being down does not undo an acceptance', async () => {
    gateway.wakeQueue.fail('send', storageAway);
    const { view } = await gateway.submit();
    expect(gateway.liveRow(view.job)?.state).toBe('queued');
    expect(gateway.notices('wake_up_not_sent')).toHaveLength(1);
  });

  test('tables that are down refuse with 503 and when to come back', async () => {
    gateway.jobs.fail('apply', storageAway);
    const error = await refusalOf(gateway.submit());
    expect([error.code, error.status, error.retryAfterMs]).toEqual(['storage_unavailable', 503, 2000]);
  });

  test('the team is known to the sweep before its first job is on record', async () => {
    gateway.jobs.next('apply', async (proceed) => {
      expect(await gateway.ports.live.listTeams()).toEqual(['search']);
      return proceed();
    });
    await gateway.submit();
  });
});

describe('idempotency', () => {
  test('the same key and body is the same job, while it runs and after', async () => {
    const first = await gateway.submit({ idempotencyKey: 'key-1' });
    const again = await gateway.submit({ idempotencyKey: 'key-1' });
    expect([again.isReplay, again.view.job.id]).toEqual([true, first.view.job.id]);
    await gateway.deliverAll();
    const ended = await gateway.submit({ idempotencyKey: 'key-1' });
    expect([ended.isReplay, ended.view.job.end?.status]).toEqual([true, 'succeeded']);
    expect(ended.view.responseText).toContain('A weir is a low dam.');
  });

  test('a repetition wakes a job whose first wake-up was never sent', async () => {
    gateway.wakeQueue.next('send', () => {
      throw storageAway;
    });
    const { view } = await gateway.submit({ idempotencyKey: 'key-1' });
    expect(gateway.state.queues.standard).toHaveLength(0);
    await gateway.submit({ idempotencyKey: 'key-1' });
    expect(gateway.state.queues.standard).toHaveLength(1);
    await gateway.deliverAll();
    expect(gateway.job(view.job).end?.status).toBe('succeeded');
  });

  test('one wake-up too many, delivered at the same time or later, makes no second call', async () => {
    const { view } = await gateway.submit({ idempotencyKey: 'key-1' });
    await gateway.submit({ idempotencyKey: 'key-1' });
    expect(gateway.state.queues.standard).toHaveLength(2);
    await gateway.finish(Promise.all([gateway.wake(view.job), gateway.wake(view.job)]));
    await gateway.deliverAll();
    expect(gateway.upstream.calls).toHaveLength(1);
    expect(gateway.usage(view.job)).toHaveLength(1);
    gateway.expectSound();
  });

  test('a repetition wakes no job that a worker has claimed or parked', async () => {
    const running = await gateway.accept({ idempotencyKey: 'key-1' });
    gateway.upstream.script('*', async () => {
      await gateway.clock.sleep(5000);
      return answer();
    });
    const work = gateway.wake(running);
    await gateway.clock.advance(1000);
    expect(gateway.liveRow(running)?.state).toBe('running');
    await gateway.submit({ idempotencyKey: 'key-1' });
    const parked = await gateway.accept({ idempotencyKey: 'key-2' });
    gateway.capacity.script({ outcome: 'wait', untilMs: gateway.clock.now() + 20_000, reason: 'tpm', ticket: null });
    await gateway.wake(parked);
    expect(gateway.trail(parked)).toEqual(['accepted', 'deferred']);
    for (const queue of Object.values(gateway.state.queues)) queue.length = 0;
    await gateway.submit({ idempotencyKey: 'key-2' });
    expect(gateway.state.queues.standard).toHaveLength(0);
    await gateway.finish(work);
  });

  test('fault 23: fifty at once over two processes make one job', async () => {
    const second = new GatewayUnderTest({ beside: gateway });
    const submitted = await gateway.finish(
      Promise.all(
        Array.from({ length: 50 }, (_, index) =>
          (index % 2 === 0 ? gateway : second).submit({ idempotencyKey: 'key-1', prompt: long }),
        ),
      ),
    );
    expect(new Set(submitted.map(({ view }) => view.job.id)).size).toBe(1);
    expect(submitted.filter(({ isReplay }) => !isReplay)).toHaveLength(1);
    expect(gateway.state.teams.get('search')?.jobs.size).toBe(1);
    expect(findOrphanContent(gateway.state)).toEqual([]);
    gateway.expectSound();
  });

  test('the same key with another body is refused with 422', async () => {
    await gateway.submit({ idempotencyKey: 'key-1' });
    const error = await refusalOf(gateway.submit({ idempotencyKey: 'key-1', lane: 'bulk' }));
    expect([error.code, error.status]).toEqual(['idempotency_key_reused', 422]);
  });

  test('a key belongs to its team', async () => {
    const first = await gateway.submit({ idempotencyKey: 'key-1' });
    const other = await gateway.submit({ idempotencyKey: 'key-1', team: 'support' });
    expect(other.isReplay).toBe(false);
    expect(other.view.job.id).not.toBe(first.view.job.id);
  });
});

describe('refusals', () => {
  test('a hold that does not fit the hard budget is refused with the figures and leaves nothing behind', async () => {
    gateway = withBudget('0.000001');
    const error = await refusalOf(gateway.submit({ prompt: long }));
    expect([error.code, error.status]).toEqual(['budget_exceeded', 429]);
    expect(error.resetAtMs).toBe(Date.UTC(2026, 11, 1));
    expect(gateway.state.blobs.size).toBe(0);
    expect(gateway.state.queues.standard).toHaveLength(0);
    gateway.expectSound();
  });

  test('a soft budget refuses nothing', async () => {
    gateway = withBudget('0.000001', false);
    await gateway.submit();
  });

  test('what is held counts, and comes back when jobs end for less', async () => {
    gateway = withBudget('9.00');
    const { view } = await gateway.submit();
    // Three holds fit, the fourth does not.
    const { teams, ...rest } = minimalConfig();
    const monthlyUsd = ((3.5 * view.job.holdNanoUsd) / 1e9).toFixed(9);
    gateway = new GatewayUnderTest({
      config: { ...rest, teams: teams.map((team) => ({ ...team, budget: { monthlyUsd } })) },
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => gateway.submit()));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    await gateway.deliverAll();
    await gateway.submit();
    gateway.expectSound();
  });

  test('a full lane is refused with a hint, before anything is stored', async () => {
    gateway = new GatewayUnderTest({ config: { limits: { maxQueuedJobs: 2 } } });
    await gateway.submit();
    await gateway.submit();
    const error = await refusalOf(gateway.submit({ prompt: long }));
    expect([error.code, error.status]).toEqual(['queue_full', 429]);
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(1000);
    expect(gateway.state.blobs.size).toBe(0);
    await gateway.submit({ lane: 'bulk' });
  });

  test('fault 28: a team at its own cap is refused while others are not', async () => {
    const { teams, ...rest } = minimalConfig();
    gateway = new GatewayUnderTest({
      config: { ...rest, teams: teams.map((team) => ({ ...team, maxQueuedJobs: 1 })) },
    });
    await gateway.submit();
    expect((await refusalOf(gateway.submit())).code).toBe('queue_full');
    await gateway.submit({ team: 'support' });
  });

  test('a job that would start past its deadline is refused', async () => {
    gateway.capacity.line = { position: 900, startAtMs: gateway.clock.now() + 700_000 };
    const error = await refusalOf(gateway.submit({ deadlineSeconds: 600, prompt: long }));
    // A forecast of 700 s may be off by 2 %.
    expect([error.code, error.retryAfterMs]).toEqual(['queue_full', 114_000]);
    expect(gateway.state.blobs.size).toBe(0);
  });

  test('a job is not late while what it waits for is turned off, and nobody can tell when a place comes free', async () => {
    gateway = new GatewayUnderTest({ config: { limits: { maxQueuedJobs: 1 } } });
    gateway.capacity.line = { position: 1, startAtMs: null };
    await gateway.submit({ deadlineSeconds: 1 });
    expect((await refusalOf(gateway.submit())).retryAfterMs).toBe(60_000);
  });

  test('who is ready to wait gets the place that comes free', async () => {
    gateway = new GatewayUnderTest({ config: { limits: { maxQueuedJobs: 1 } } });
    const first = await gateway.accept();
    const waiting = gateway.submit({ waitSeconds: 20 });
    await gateway.clock.advance(1000);
    await gateway.finish(gateway.wake(first));
    await gateway.clock.advance(3000);
    expect((await waiting).view.job.id).not.toBe(first.id);
  });

  test('a wait for a place ends with the refusal when none comes free', async () => {
    gateway = new GatewayUnderTest({ config: { limits: { maxQueuedJobs: 1 } } });
    await gateway.submit();
    const startedAtMs = gateway.clock.now();
    const error = await gateway.finish(refusalOf(gateway.submit({ waitSeconds: 5 })));
    expect([error.code, gateway.clock.now() - startedAtMs]).toEqual(['queue_full', 5000]);
  });

  test('a request larger than any deployment is refused at the door', async () => {
    const error = await refusalOf(gateway.submit({ prompt: 'x'.repeat(500_000) }));
    expect([error.code, error.param, gateway.state.blobs.size]).toEqual(['invalid_request', 'body', 0]);
  });

  test('an unknown model is 404, one the team may not use 403', async () => {
    expect((await refusalOf(gateway.submit({ model: 'gpt-unknown' }))).status).toBe(404);
    const { teams, pools, ...rest } = minimalConfig();
    gateway = new GatewayUnderTest({
      config: { ...rest, pools, teams: teams.map((team) => ({ ...team, models: [] })) },
    });
    expect((await refusalOf(gateway.submit())).status).toBe(403);
  });

  test('an operation that the model does not serve is 400 and says what would work', async () => {
    const { teams, pools, ...rest } = minimalConfig();
    const vectors = { ...pools[0], model: 'text-embedding-3-small' };
    gateway = new GatewayUnderTest({
      config: {
        ...rest,
        pools: [...pools, vectors],
        teams: teams.map((team) => ({ ...team, models: [...team.models, vectors.model] })),
      },
    });
    const wrong = await refusalOf(gateway.submit({ endpoint: '/v1/embeddings' }));
    expect([wrong.code, wrong.param]).toEqual(['invalid_request', 'endpoint']);
    expect(wrong.message).toBe(
      'received /v1/embeddings for gpt-4.1-mini, which serves /v1/chat/completions and /v1/responses only; ' +
        'use one of these, or a model that serves /v1/embeddings: text-embedding-3-small.',
    );
    expect((await refusalOf(gateway.submit({ model: vectors.model }))).param).toBe('endpoint');
    expect(gateway.state.blobs.size).toBe(0);
  });
});

describe('the key of a job that was deleted while it runs', () => {
  const idempotencyKey = 'key-1';

  /** The worker hears of the deletion only when `deafMs` are over. */
  async function deleteRunning(deafMs: number) {
    gateway.upstream.script('*', async (request, signal) => {
      await gateway.clock.sleep(deafMs);
      return hang()(request, signal);
    });
    const job = await gateway.accept({ idempotencyKey });
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    expect(await deleteJob(gateway.ports, 'search', job.id)).toBe(true);
    return { job, run };
  }

  test('stands for a new job as soon as the old one has ended', async () => {
    const { job, run } = await deleteRunning(3000);
    const again = await gateway.finish(gateway.submit({ idempotencyKey }));
    expect([again.isReplay, again.view.job.id === job.id]).toEqual([false, false]);
    await gateway.finish(run);
    expect(gateway.job(again.view.job).end).toBeNull();
  });

  test('asks to come back where the old one does not end: nobody is promised a job that is being erased', async () => {
    const { run } = await deleteRunning(20_000);
    const error = await gateway.finish(refusalOf(gateway.submit({ idempotencyKey })));
    expect([error.code, error.retryAfterMs]).toEqual(['storage_unavailable', 1000]);
    await gateway.finish(run);
  });
});
