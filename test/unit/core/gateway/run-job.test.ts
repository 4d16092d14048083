import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { cancelJob, deleteJob } from '../../../../src/core/gateway/cancel-job.ts';
import { sweep } from '../../../../src/core/gateway/sweep.ts';
import { DamagedRowError } from '../../../../src/core/versioned.ts';
import { GatewayUnderTest, storageAway } from '../../../support/gateway-under-test.ts';
import { answer, answerAfter, fault, hang, refusal } from '../../../support/scripted-upstream.ts';
import { exampleConfig } from '../config/example.ts';

let gateway: GatewayUnderTest;

beforeEach(() => {
  gateway = new GatewayUnderTest();
});

afterEach(() => {
  gateway.expectSound();
});

const status = (job: Parameters<GatewayUnderTest['job']>[0]) => gateway.job(job).end?.status;

describe('one call', () => {
  test('a job that is answered succeeds with its answer, usage and cost in one commit', async () => {
    const job = await gateway.accept({ metadata: { project: 'rivers' } });
    expect(await gateway.finish(gateway.wake(job))).toBe('ended');
    const { end } = gateway.job(job);
    expect(end).toMatchObject({
      status: 'succeeded',
      usage: { inputTokens: 20, outputTokens: 10 },
      response: { statusCode: 200, requestId: 'request-1' },
      error: null,
    });
    expect(gateway.trail(job)).toEqual(['accepted', 'claimed', 'attempt', 'succeeded']);
    expect(gateway.usage(job)).toMatchObject([{ attempt: 1, outcome: 'succeeded', project: 'rivers', measured: true }]);
    expect(gateway.usage(job)[0]?.costNanoUsd).toBeGreaterThan(0);
    expect(gateway.events.map((event) => event.type)).toEqual(['attempt', 'job']);
  });

  test.each([
    ['120000', '80000', { limitTokens: 120_000, remainingTokens: 80_000 }],
    ['-1', '-1', { limitTokens: null, remainingTokens: null }],
    ['', 'many', { limitTokens: null, remainingTokens: null }],
  ])('what the service says it grants (%s) and has left (%s) is told to capacity', async (limit, remaining, told) => {
    const headers = { 'x-ratelimit-limit-tokens': limit, 'x-ratelimit-remaining-tokens': remaining };
    gateway.upstream.script('*', answer('', 0, headers));
    await gateway.finish(gateway.wake(await gateway.accept()));
    expect(gateway.capacity.reports).toMatchObject([told]);
  });

  test('fault 3: a wake-up for a job that has ended, or never was, does nothing', async () => {
    const job = await gateway.accept();
    await gateway.finish(gateway.wake(job));
    expect(await gateway.wake(job)).toBe('gone');
    expect(await gateway.wake({ ...job, id: 'job_unknown' })).toBe('gone');
    expect(gateway.upstream.calls).toHaveLength(1);
  });

  test('fault 4: two wake-ups at once make one claim and one call', async () => {
    const second = new GatewayUnderTest({ beside: gateway });
    const job = await gateway.accept();
    gateway.upstream.script('*', answerAfter(gateway.clock, 500));
    const outcomes = await gateway.finish(Promise.all([gateway.wake(job), second.wake(job), gateway.wake(job)]));
    expect(outcomes.filter((outcome) => outcome === 'ended')).toHaveLength(1);
    expect(outcomes.every((outcome) => ['ended', 'gone', 'ignored'].includes(outcome))).toBe(true);
    expect(gateway.upstream.calls).toHaveLength(1);
    expect(gateway.capacity.released).toHaveLength(gateway.capacity.booked.length - 1);
  });

  test('an answer over 30,000 characters is a blob of its attempt', async () => {
    gateway.upstream.script('*', answer('stone '.repeat(6000)));
    const job = await gateway.accept();
    await gateway.finish(gateway.wake(job));
    expect(gateway.job(job).end?.response?.body).toMatchObject({ kind: 'blob' });
  });

  test('fault 29: a stored request that is gone fails the job without a call', async () => {
    const job = await gateway.accept({ prompt: 'river '.repeat(6000) });
    gateway.state.blobs.clear();
    await gateway.finish(gateway.wake(job));
    expect(gateway.job(job).end).toMatchObject({ status: 'failed', error: { code: 'content_missing' } });
    expect(gateway.upstream.calls).toHaveLength(0);
  });

  test('a deployment taken out between booking and claim is not called', async () => {
    const job = await gateway.accept();
    gateway.capacity.script((request) => {
      const [first, ...rest] = gateway.config.pools;
      const others = first?.deployments.filter(({ name }) => name !== 'eastus') ?? [];
      if (first !== undefined)
        gateway.config = { ...gateway.config, pools: [{ ...first, deployments: others }, ...rest] };
      return gateway.capacity.bookFor(request, gateway.clock.now());
    });
    gateway.capacity.script((request) =>
      gateway.capacity.bookFor({ ...request, exclude: ['eastus'] }, gateway.clock.now()),
    );
    await gateway.finish(gateway.wake(job));
    expect(gateway.upstream.calls.map((call) => call.deployment.name)).toEqual(['westeurope']);
    expect(gateway.capacity.released).toHaveLength(1);
  });

  test('a claim that took so long that the booked time has passed is booked anew', async () => {
    const job = await gateway.accept();
    gateway.jobs.next('apply', async (proceed) => {
      const result = await proceed();
      await gateway.clock.sleep(3000);
      return result;
    });
    await gateway.finish(gateway.wake(job));
    expect(status(job)).toBe('succeeded');
    expect(gateway.capacity.booked).toHaveLength(2);
    expect(gateway.capacity.released.map(({ id }) => id)).toEqual([gateway.capacity.booked[0]?.id]);
    expect(gateway.upstream.calls).toHaveLength(1);
  });
});

describe('failures', () => {
  test('a failed call goes to another deployment at once', async () => {
    gateway.upstream.script('eastus', refusal(503, 'unavailable'));
    const job = await gateway.accept();
    await gateway.finish(gateway.wake(job));
    expect(gateway.upstream.calls.map((call) => call.deployment.name)).toEqual(['eastus', 'westeurope']);
    expect(gateway.capacity.requests.map(({ exclude, urgent }) => [exclude, urgent])).toEqual([
      [[], false],
      [['eastus'], true],
    ]);
    expect(gateway.usage(job).map((row) => [row.attempt, row.outcome])).toEqual([
      [1, 'failed'],
      [2, 'succeeded'],
    ]);
  });

  test('fault 13: a 429 everywhere defers the job with its ticket until the hint and uses up no attempt', async () => {
    const throttled = refusal(429, '429', { 'retry-after-ms': '20000' });
    gateway.upstream.script('*', throttled, throttled);
    const job = await gateway.accept();
    const startedAtMs = gateway.clock.now();
    expect(await gateway.finish(gateway.wake(job))).toBe('parked');
    const live = gateway.liveRow(job);
    expect(live).toMatchObject({
      state: 'queued',
      lease: null,
      intent: null,
      rounds: 0,
      ticket: { start: 1, finish: 2 },
    });
    expect(live?.dueAtMs).toBeGreaterThanOrEqual(startedAtMs + 20_000);
    expect(gateway.state.queues.standard).toHaveLength(1);
    await gateway.deliverAll();
    expect(status(job)).toBe('succeeded');
    expect(gateway.usage(job).map((row) => row.outcome)).toEqual(['throttled', 'throttled', 'succeeded']);
  });

  test('a job gives up after the attempts that are allowed in all, over rounds with growing pauses', async () => {
    gateway.config = exampleConfig({ retry: { maxAttempts: 6, maxRetries: 2 } });
    gateway.upstream.script('*', ...Array.from({ length: 20 }, () => refusal(500, 'internal')));
    const job = await gateway.accept();
    await gateway.deliverAll();
    await gateway.finish(gateway.wake(job));
    await gateway.deliverAll();
    expect(gateway.upstream.calls).toHaveLength(6);
    expect(gateway.job(job).end).toMatchObject({ status: 'failed', response: { statusCode: 500 } });
    expect(gateway.job(job).end?.attempts).toHaveLength(6);
  });

  test('what the service refuses for good is not repeated', async () => {
    gateway.upstream.script('*', refusal(400, 'invalid_prompt'));
    const job = await gateway.accept();
    await gateway.finish(gateway.wake(job));
    expect(gateway.upstream.calls).toHaveLength(1);
    expect(gateway.job(job).end).toMatchObject({ status: 'failed', response: { statusCode: 400 } });
  });

  test('a call that may have been billed is one usage row marked unknown, and is repeated', async () => {
    gateway.upstream.script('eastus', fault('reset', true));
    const job = await gateway.accept();
    await gateway.finish(gateway.wake(job));
    expect(status(job)).toBe('succeeded');
    expect(gateway.usage(job).map((row) => [row.outcome, row.measured])).toEqual([
      ['unknown', false],
      ['succeeded', true],
    ]);
    expect(gateway.usage(job)[0]?.costNanoUsd).toBeGreaterThan(0);
    expect(gateway.job(job).end?.cost.measured).toBe(false);
  });

  test('a pause between attempts keeps the lease, so that nobody takes the job for lost', async () => {
    gateway = new GatewayUnderTest({ leaseMs: 3000 });
    const throttled = refusal(429, '429', { 'retry-after-ms': '5000' });
    gateway.upstream.script('*', throttled, throttled);
    const job = await gateway.accept();
    const run = gateway.wake(job);
    for (let tick = 0; tick < 24; tick += 1) {
      await gateway.clock.advance(200);
      expect(await sweep(gateway.ports)).toMatchObject({ rescued: 0 });
    }
    expect(await gateway.finish(run)).toBe('ended');
    expect(gateway.usage(job).map((row) => row.outcome)).toEqual(['throttled', 'throttled', 'succeeded']);
  });

  test('a cancellation ends the pause between attempts within three seconds', async () => {
    const throttled = refusal(429, '429', { 'retry-after-ms': '6000' });
    gateway.upstream.script('*', throttled, throttled);
    const job = await gateway.accept();
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    await cancelJob(gateway.ports, 'search', job.id, { erase: false });
    await gateway.clock.advance(3000);
    expect(await run).toBe('ended');
    expect([status(job), gateway.usage(job).length]).toEqual(['cancelled', 2]);
  });
});

describe('turns', () => {
  test('a far turn parks the job with its ticket and a wake-up for then', async () => {
    const job = await gateway.accept();
    const untilMs = gateway.clock.now() + 60_000;
    gateway.capacity.script({ outcome: 'wait', untilMs, ticket: { start: 7, finish: 9 }, reason: 'line' });
    expect(await gateway.finish(gateway.wake(job))).toBe('parked');
    expect(gateway.liveRow(job)).toMatchObject({ dueAtMs: untilMs, ticket: { start: 7, finish: 9 }, attempt: 0 });
    expect(gateway.state.queues.standard).toMatchObject([{ visibleAtMs: untilMs }]);
    expect(await gateway.wake(job)).toBe('ignored');
    await gateway.deliverAll();
    expect(gateway.capacity.requests.at(-1)?.ticket).toEqual({ start: 7, finish: 9 });
    expect(status(job)).toBe('succeeded');
  });

  test('a near turn is waited for in the process', async () => {
    const job = await gateway.accept();
    const soon = { outcome: 'wait', untilMs: gateway.clock.now() + 800, ticket: null, reason: 'tpm' } as const;
    gateway.capacity.script(soon);
    expect(await gateway.finish(gateway.wake(job))).toBe('ended');
    expect(gateway.state.queues.standard).toHaveLength(0);
  });

  test('turns that are always near do not keep a worker for ever', async () => {
    const job = await gateway.accept();
    const nearly = () =>
      ({ outcome: 'wait', untilMs: gateway.clock.now() + 1500, ticket: null, reason: 'contention' }) as const;
    gateway.capacity.script(...Array.from({ length: 20 }, () => nearly));
    expect(await gateway.finish(gateway.wake(job))).toBe('parked');
    expect(gateway.capacity.requests.length).toBeLessThan(12);
  });

  test.each([
    ['team', /5000 tokens.*your team may send 100/],
    ['deployment', /5000 tokens.*largest deployment.* allows 100/],
  ] as const)('a job larger than the limit of its %s fails and says by how much', async (limitOf, message) => {
    const job = await gateway.accept();
    gateway.capacity.script({ outcome: 'never', limitTokens: 100, limitOf, neededTokens: 5000 });
    await gateway.finish(gateway.wake(job));
    expect(gateway.job(job).end?.error?.message).toMatch(message);
  });

  test('a park whose wake-up cannot be sent is reported and still stands', async () => {
    const job = await gateway.accept();
    gateway.capacity.script({ outcome: 'wait', untilMs: gateway.clock.now() + 60_000, ticket: null, reason: 'tpm' });
    gateway.wakeQueue.fail('send', storageAway);
    expect(await gateway.finish(gateway.wake(job))).toBe('parked');
    expect(gateway.notices('wake_up_not_sent')).toHaveLength(1);
  });
});

describe('deadlines', () => {
  test('fault 27: past its deadline a job expires without a call', async () => {
    const job = await gateway.accept({ deadlineSeconds: 10 });
    await gateway.clock.advance(10_000);
    await gateway.finish(gateway.wake(job));
    expect([status(job), gateway.upstream.calls.length]).toEqual(['expired', 0]);
  });

  test('fault 25: a call in flight at the deadline is aborted, billed and expires', async () => {
    gateway.upstream.script('*', hang());
    const job = await gateway.accept({ deadlineSeconds: 10 });
    await gateway.finish(gateway.wake(job));
    expect(gateway.job(job).end).toMatchObject({ status: 'expired', attempts: [{ outcome: 'aborted' }] });
    expect(gateway.clock.now()).toBe(job.deadlineAtMs);
    expect(gateway.usage(job)[0]?.costNanoUsd).toBeGreaterThan(0);
  });

  test('a booking that lies past the deadline sends nothing', async () => {
    const job = await gateway.accept({ deadlineSeconds: 1 });
    gateway.capacity.script((request) => gateway.capacity.bookFor(request, job.deadlineAtMs + 500));
    await gateway.finish(gateway.wake(job));
    expect([status(job), gateway.upstream.calls.length]).toEqual(['expired', 0]);
    expect(gateway.capacity.released).toHaveLength(1);
  });

  test('a claim that outlasts the deadline sends nothing', async () => {
    const job = await gateway.accept({ deadlineSeconds: 1 });
    gateway.capacity.script((request) => gateway.capacity.bookFor(request, gateway.clock.now() + 950));
    gateway.jobs.next('apply', async (proceed) => {
      const result = await proceed();
      // Past the deadline, but not yet too late for the booked time.
      await gateway.clock.sleep(100);
      return result;
    });
    await gateway.finish(gateway.wake(job));
    expect([status(job), gateway.upstream.calls.length]).toEqual(['expired', 0]);
    expect(gateway.capacity.released).toHaveLength(1);
  });
});

describe('cancel', () => {
  test('a queued job is cancelled at once and leaves its line', async () => {
    const job = await gateway.accept();
    gateway.capacity.script({
      outcome: 'wait',
      untilMs: gateway.clock.now() + 60_000,
      ticket: { start: 1, finish: 2 },
      reason: 'line',
    });
    await gateway.finish(gateway.wake(job));
    const view = await cancelJob(gateway.ports, 'search', job.id, { erase: false });
    expect(view?.job.end?.status).toBe('cancelled');
    expect(gateway.capacity.left).toMatchObject([{ jobId: job.id, ticket: { start: 1, finish: 2 } }]);
    await gateway.deliverAll();
    expect(gateway.upstream.calls).toHaveLength(0);
  });

  test('a running job is aborted within three seconds and what it cost is recorded', async () => {
    gateway.upstream.script('*', hang());
    const job = await gateway.accept();
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    const view = await cancelJob(gateway.ports, 'search', job.id, { erase: false });
    expect(view).toMatchObject({ job: { end: null }, live: { state: 'running', cancelRequested: true } });
    await gateway.clock.advance(3000);
    expect(await run).toBe('ended');
    expect(gateway.job(job).end).toMatchObject({
      status: 'cancelled',
      attempts: [{ outcome: 'aborted', reason: 'cancelled' }],
    });
    expect(gateway.usage(job)[0]?.costNanoUsd).toBeGreaterThan(0);
  });

  test('an answer that came before the cancellation was seen is the answer', async () => {
    gateway.upstream.script('*', answerAfter(gateway.clock, 1000));
    const job = await gateway.accept();
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    await cancelJob(gateway.ports, 'search', job.id, { erase: false });
    await gateway.finish(run);
    expect(status(job)).toBe('succeeded');
  });

  test('a job that has just ended is returned unchanged', async () => {
    const job = await gateway.accept();
    await gateway.finish(gateway.wake(job));
    const before = gateway.job(job);
    const view = await cancelJob(gateway.ports, 'search', job.id, { erase: false });
    expect(view?.job).toEqual(before);
  });

  test('a job that is cancelled between two attempts makes no further call', async () => {
    gateway.upstream.script('*', answerAfter(gateway.clock, 500, refusal(503, 'unavailable')));
    const job = await gateway.accept();
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    await cancelJob(gateway.ports, 'search', job.id, { erase: false });
    await gateway.finish(run);
    expect([status(job), gateway.upstream.calls.length]).toEqual(['cancelled', 1]);
  });

  test('fault 24: a cancel and a claim at the same moment end the job once', async () => {
    const job = await gateway.accept();
    gateway.upstream.script('*', hang());
    const [ran] = await gateway.finish(
      Promise.all([gateway.wake(job), cancelJob(gateway.ports, 'search', job.id, { erase: false })]),
    );
    expect(status(job)).toBe('cancelled');
    expect(['ended', 'gone']).toContain(ran);
  });

  test('a cancel of a job whose live row somebody deleted by hand comes back with its end', async () => {
    const job = await gateway.accept();
    gateway.state.teams.get('search')?.live.delete(job.id);
    const view = await cancelJob(gateway.ports, 'search', job.id, { erase: false });
    expect(view?.job.end).toMatchObject({ status: 'failed', error: { code: 'record_damaged' } });
  });
});

describe('delete', () => {
  test('a job deleted while it runs is cancelled and goes with its content; its usage stays', async () => {
    gateway.upstream.script('*', hang());
    const job = await gateway.accept({ prompt: 'river '.repeat(6000) });
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    const deleted = deleteJob(gateway.ports, 'search', job.id);
    expect(await gateway.finish(deleted)).toBe(true);
    await gateway.finish(run);
    expect(gateway.state.teams.get('search')?.jobs.size).toBe(0);
    expect(gateway.state.blobs.size).toBe(0);
    expect(gateway.usage(job)).toHaveLength(1);
  });

  test('a job deleted while it runs ends though the row of its key was damaged by hand', async () => {
    gateway.upstream.script('*', hang());
    const job = await gateway.accept({ idempotencyKey: 'key-1' });
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    await deleteJob(gateway.ports, 'search', job.id);
    gateway.jobs.fail('findByIdempotencyKey', new DamagedRowError('idem|key-1', 'it names no job'));
    await gateway.finish(run);
    expect(gateway.state.teams.get('search')?.jobs.size).toBe(0);
  });

  test('a job deleted while its worker is stuck is erased by the worker in the end', async () => {
    gateway.upstream.script('*', async (request, signal) => {
      // Does not hear the abort for a long time.
      await gateway.clock.sleep(20_000);
      return hang()(request, signal);
    });
    const job = await gateway.accept({ prompt: 'river '.repeat(6000) });
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    const deleted = deleteJob(gateway.ports, 'search', job.id);
    await gateway.clock.advance(6000);
    expect(await deleted).toBe(true);
    // Gone for its callers, though its worker has not heard of it.
    expect(await cancelJob(gateway.ports, 'search', job.id, { erase: false })).toBeNull();
    expect(await deleteJob(gateway.ports, 'search', job.id)).toBe(false);
    await gateway.clock.advance(20_000);
    await gateway.finish(run);
    expect(gateway.state.teams.get('search')?.jobs.size).toBe(0);
    expect(gateway.state.blobs.size).toBe(0);
  });

  test('a job of another team is not there', async () => {
    const job = await gateway.accept();
    expect(await deleteJob(gateway.ports, 'support', job.id)).toBe(false);
    expect(await cancelJob(gateway.ports, 'support', job.id, { erase: false })).toBeNull();
  });
});

describe('leases', () => {
  test('a long call keeps its lease, so nobody takes it over', async () => {
    gateway = new GatewayUnderTest({ leaseMs: 6000 });
    gateway.upstream.script('*', answerAfter(gateway.clock, 60_000));
    const job = await gateway.accept();
    const run = gateway.wake(job);
    for (let second = 0; second < 58; second += 1) {
      await gateway.clock.advance(1000);
      expect(gateway.liveRow(job)?.lease?.untilMs).toBeGreaterThan(gateway.clock.now());
      expect(await gateway.wake(job)).toBe('ignored');
    }
    await gateway.finish(run);
    // The long wait has the deployment asked for a sign of life: such calls are not the job's.
    const own = gateway.upstream.calls.filter(({ jobId }) => jobId === job.id);
    expect([status(job), own.length]).toEqual(['succeeded', 1]);
  });

  test('the answer of a worker that lost its lease is spend, never the answer', async () => {
    const frozen = gateway;
    const other = new GatewayUnderTest({ beside: gateway, leaseMs: 6000 });
    const job = await gateway.accept();
    gateway.upstream.script('*', answerAfter(gateway.clock, 100_000, answer('too late')));
    // One for the sign of life that the long wait asks for.
    gateway.upstream.script('*', answer('in time'), answer('in time'));
    // The first worker's heartbeat sees nothing: as if its process had been stopped.
    frozen.jobs.fail('readLive', storageAway, 0);
    const run = frozen.wake(job);
    await gateway.clock.advance(10);
    frozen.jobs.fail('readLive', storageAway, 1000);
    await gateway.clock.advance(60_000);
    expect(await gateway.finish(other.wake(job))).toBe('ended');
    frozen.jobs.heal();
    await gateway.clock.advance(60_000);
    expect(await run).toBe('gone');
    const { end } = gateway.job(job);
    expect(JSON.stringify(end?.response)).toContain('in time');
    expect(gateway.usage(job).map((row) => row.outcome)).toEqual(['unknown', 'succeeded']);
  });

  test('a worker that learns that its lease is lost aborts its call', async () => {
    const other = new GatewayUnderTest({ beside: gateway });
    const job = await gateway.accept();
    gateway.upstream.script('*', hang(), answer());
    const run = gateway.wake(job);
    await gateway.clock.advance(10);
    gateway.jobs.fail('readLive', storageAway, 40);
    await gateway.clock.advance(46_000);
    await gateway.finish(other.wake(job));
    await gateway.finish(run);
    expect(status(job)).toBe('succeeded');
    expect(gateway.upstream.calls.filter(({ jobId }) => jobId === job.id)).toHaveLength(2);
  });

  test('an answer in hand is committed after an outage longer than the lease, whoever comes back first', async () => {
    const other = new GatewayUnderTest({ beside: gateway });
    const job = await gateway.accept();
    gateway.upstream.script('*', answerAfter(gateway.clock, 500, answer('paid for')), answer('paid for again'));
    const run = gateway.wake(job);
    await gateway.clock.advance(10);
    const stores = [gateway, other].flatMap(({ jobs, live }) => [jobs, live]);
    for (const store of [gateway.jobs, other.jobs])
      for (const verb of ['apply', 'readLive', 'readJob'] as const) store.fail(verb, storageAway, 1000);
    for (const store of [gateway.live, other.live]) store.fail('listTeams', storageAway, 1000);
    await gateway.clock.advance(60_000);
    for (const store of stores) store.heal();
    const [swept, woken] = await gateway.finish(Promise.all([sweep(other.ports), other.wake(job)]));
    expect([swept.rescued, woken]).toEqual([0, 'gone']);
    expect(await gateway.finish(run)).toBe('ended');
    expect(JSON.stringify(gateway.job(job).end?.response)).toContain('paid for');
    expect(gateway.usage(job).map(({ outcome, attempt }) => [attempt, outcome])).toEqual([[1, 'succeeded']]);
    expect(gateway.upstream.calls).toHaveLength(1);
  });

  test('storage that is away at the commit delays the end and calls nobody again', async () => {
    const job = await gateway.accept();
    gateway.upstream.script('*', async () => {
      gateway.jobs.fail('apply', storageAway, 8);
      return answer();
    });
    expect(await gateway.finish(gateway.wake(job))).toBe('ended');
    expect([status(job), gateway.upstream.calls.length]).toEqual(['succeeded', 1]);
  });

  test('a commit that was done though its reply was lost is told once, to telemetry too', async () => {
    const job = await gateway.accept();
    gateway.upstream.script('*', async () => {
      gateway.jobs.next('apply', async (proceed) => {
        await proceed();
        throw storageAway;
      });
      return answer();
    });
    await gateway.finish(gateway.wake(job));
    expect(status(job)).toBe('succeeded');
    expect(gateway.events.filter((event) => event.type === 'job')).toHaveLength(1);
  });

  test('storage that is away before the claim fails the wake-up, so that it is delivered again', async () => {
    const job = await gateway.accept();
    gateway.jobs.fail('readLive', storageAway);
    await expect(gateway.wake(job)).rejects.toThrow(storageAway);
    expect(await gateway.finish(gateway.wake(job))).toBe('ended');
  });
});

describe('drain', () => {
  test('while draining a wake-up is handed back unclaimed', async () => {
    const job = await gateway.accept();
    await gateway.ports.drain.begin(gateway.clock, 1000);
    expect(await gateway.wake(job)).toBe('handed_back');
    expect(gateway.state.queues.standard).toHaveLength(1);
    expect(gateway.liveRow(job)).toMatchObject({ state: 'queued', attempt: 0 });
  });

  test('a call that ends within the grace time is committed', async () => {
    gateway.upstream.script('*', answerAfter(gateway.clock, 5000));
    const job = await gateway.accept();
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    const drained = gateway.ports.drain.begin(gateway.clock, 20_000);
    await gateway.clock.advance(5000);
    await drained;
    expect(await run).toBe('ended');
    expect(status(job)).toBe('succeeded');
  });

  test('a call cut at the end of the grace time is booked, does not count as an attempt and is taken up elsewhere', async () => {
    gateway.config = exampleConfig({ retry: { maxAttempts: 1 } });
    gateway.upstream.script('*', hang());
    const job = await gateway.accept();
    const run = gateway.wake(job);
    await gateway.clock.advance(100);
    const drained = gateway.ports.drain.begin(gateway.clock, 2000);
    await gateway.clock.advance(2000);
    await drained;
    expect(await run).toBe('parked');
    expect(gateway.liveRow(job)).toMatchObject({ state: 'queued', lease: null, dueAtMs: gateway.clock.now() });
    expect(gateway.usage(job)).toMatchObject([{ attempt: 1, outcome: 'aborted', measured: false }]);
    expect(gateway.state.queues.standard).toHaveLength(1);
    const other = new GatewayUnderTest({ beside: gateway });
    await other.finish(other.wake(job));
    expect(status(job)).toBe('succeeded');
  });

  test('a wait for a turn is given up at once', async () => {
    const job = await gateway.accept();
    gateway.capacity.script((request) => gateway.capacity.bookFor(request, gateway.clock.now() + 1900));
    const run = gateway.wake(job);
    await gateway.clock.advance(10);
    await gateway.ports.drain.begin(gateway.clock, 1000);
    expect(await run).toBe('parked');
    expect(gateway.capacity.released).toHaveLength(1);
    expect(gateway.upstream.calls).toHaveLength(0);
  });

  test('a claim that comes through after the drain began sends nothing', async () => {
    const job = await gateway.accept();
    let drained: Promise<void> | undefined;
    gateway.jobs.next('apply', async (proceed) => {
      const result = await proceed();
      drained = gateway.ports.drain.begin(gateway.clock, 1000);
      return result;
    });
    expect(await gateway.finish(gateway.wake(job))).toBe('parked');
    await drained;
    expect(gateway.upstream.calls).toHaveLength(0);
    expect(gateway.liveRow(job)).toMatchObject({ state: 'queued', lease: null });
  });
});
