import { beforeEach, describe, expect, test } from 'vitest';
import { deleteJob } from '../../../../src/core/gateway/cancel-job.ts';
import { listJobs, readJob } from '../../../../src/core/gateway/read-job.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { answer, answerAfter, hang } from '../../../support/scripted-upstream.ts';

let gateway: GatewayUnderTest;

beforeEach(() => {
  gateway = new GatewayUnderTest();
});

describe('a long poll', () => {
  test('returns as soon as the job ends in this process', async () => {
    gateway.upstream.script('*', answerAfter(gateway.clock, 7300));
    const job = await gateway.accept();
    const run = gateway.wake(job);
    const startedAtMs = gateway.clock.now();
    const poll = readJob(gateway.ports, 'search', job.id, 30_000).then((view) => ({ view, atMs: gateway.clock.now() }));
    await gateway.clock.advance(30_000);
    const { view, atMs } = await poll;
    await run;
    expect([view?.job.end?.status, atMs - startedAtMs]).toEqual(['succeeded', 7300]);
  });

  test('sees within a second that the job ended in another process', async () => {
    const other = new GatewayUnderTest({ beside: gateway });
    gateway.upstream.script('*', answerAfter(gateway.clock, 7300));
    const job = await gateway.accept();
    const run = other.wake(job);
    const startedAtMs = gateway.clock.now();
    const poll = readJob(gateway.ports, 'search', job.id, 30_000).then(() => gateway.clock.now());
    await gateway.clock.advance(30_000);
    await run;
    expect((await poll) - startedAtMs).toBeLessThanOrEqual(8300);
  });

  test('ends after its wait with the job as it is', async () => {
    const job = await gateway.accept();
    const startedAtMs = gateway.clock.now();
    const view = await gateway.finish(readJob(gateway.ports, 'search', job.id, 5000));
    expect(gateway.clock.now() - startedAtMs).toBe(5000);
    expect(view).toMatchObject({ live: { state: 'queued' }, forecast: { position: 1 } });
  });

  test('ends at once when the process is to end', async () => {
    const job = await gateway.accept();
    const poll = readJob(gateway.ports, 'search', job.id, 30_000);
    await gateway.clock.advance(100);
    await gateway.ports.drain.begin(gateway.clock, 1000);
    expect((await poll)?.live?.state).toBe('queued');
  });
});

test('a job that ends between the two reads of a look is told as ended', async () => {
  const job = await gateway.accept();
  gateway.jobs.next('readLive', async (proceed) => {
    await gateway.wake(job);
    return proceed();
  });
  expect((await readJob(gateway.ports, 'search', job.id, 0))?.job.end?.status).toBe('succeeded');
});

test.each([
  ['line', 0],
  ['server_error_500', 600_000],
] as const)('a job that was put off for ten minutes (%s) and is next now starts in %d ms', async (reason, leftMs) => {
  const job = await gateway.accept({ deadlineSeconds: 3600 });
  const untilMs = gateway.clock.now() + 600_000;
  gateway.capacity.script({ outcome: 'wait', untilMs, ticket: { start: 1, finish: 2 }, reason: 'line' });
  await gateway.wake(job);
  const row = await gateway.ports.jobs.readLive(job.team, job.id);
  if (row === null) throw new Error('The job is not live.');
  const trail = [{ atMs: gateway.clock.now(), type: 'deferred' as const, reason, untilMs }];
  const change = { kind: 'advance' as const, live: { ...row.value, trail }, version: row.version, usage: [] };
  await gateway.ports.jobs.apply(job.team, [change], null);
  const view = await readJob(gateway.ports, 'search', job.id, 0);
  expect((view?.forecast?.startAtMs ?? 0) - gateway.clock.now()).toBe(leftMs);
});

test("another team's job is not there", async () => {
  const job = await gateway.accept();
  expect(await readJob(gateway.ports, 'support', job.id, 0)).toBeNull();
});

test('an answer whose blob is gone leaves a job without a body, and the job readable', async () => {
  gateway.upstream.script('*', answer('stone '.repeat(6000)));
  const job = await gateway.accept();
  await gateway.finish(gateway.wake(job));
  gateway.state.blobs.clear();
  expect(await readJob(gateway.ports, 'search', job.id, 0)).toMatchObject({
    responseText: null,
    job: { end: { status: 'succeeded' } },
  });
});

test('jobs are listed newest first and filtered by status', async () => {
  const first = await gateway.accept();
  await gateway.finish(gateway.wake(first));
  await gateway.clock.advance(10);
  const second = await gateway.accept();
  const query = { status: null, limit: 10, after: null };
  const ids = async (status: 'queued' | 'succeeded' | null) =>
    (await listJobs(gateway.ports, 'search', { ...query, status })).views.map(({ job }) => job.id);
  expect(await ids(null)).toEqual([second.id, first.id]);
  expect([await ids('queued'), await ids('succeeded')]).toEqual([[second.id], [first.id]]);
});

test('a page whose jobs are all deleted while they run still says where the next one begins', async () => {
  const older = await gateway.accept();
  await gateway.clock.advance(10);
  gateway.upstream.script('*', hang());
  const deleted = await gateway.accept();
  const run = gateway.wake(deleted);
  await gateway.clock.advance(10);
  await deleteJob(gateway.ports, 'search', deleted.id);
  const query = { status: null, limit: 1, after: null };
  const first = await listJobs(gateway.ports, 'search', query);
  expect(first).toEqual({ views: [], next: deleted.id });
  const second = await listJobs(gateway.ports, 'search', { ...query, after: first.next });
  expect([second.views.map(({ job }) => job.id), second.next]).toEqual([[older.id], null]);
  await gateway.finish(run);
});
