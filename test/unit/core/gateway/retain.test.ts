import { beforeEach, expect, test } from 'vitest';
import { retain } from '../../../../src/core/gateway/retain.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { answer } from '../../../support/scripted-upstream.ts';

const hourMs = 3_600_000;

let gateway: GatewayUnderTest;

beforeEach(() => {
  gateway = new GatewayUnderTest({ config: { retention: { contentHours: 48, usageMonths: 2 } } });
});

test('a job past its retention is gone with its content, its key and, later, its usage', async () => {
  const idempotencyKey = 'once';
  const job = await gateway.accept({ idempotencyKey, prompt: 'stone '.repeat(6000) });
  gateway.upstream.script('*', answer());
  await gateway.wake(job);
  await gateway.clock.advance(47 * hourMs);
  const young = await gateway.accept();
  gateway.upstream.script('*', answer());
  await gateway.wake(young);
  expect(await retain(gateway.ports)).toMatchObject({ jobs: 0, usageRows: 0, failedTeams: 0 });

  await gateway.clock.advance(2 * hourMs);
  expect(await retain(gateway.ports)).toMatchObject({ jobs: 1, usageRows: 0, mendedJobs: 0, failedTeams: 0 });
  expect(await gateway.ports.jobs.readJob(job.team, job.id)).toBeNull();
  expect(await gateway.ports.contents.read(job.request)).toEqual({ outcome: 'missing' });
  expect((await gateway.submit({ idempotencyKey, prompt: 'stone '.repeat(6000) })).isReplay).toBe(false);
  expect(gateway.usage(job)).toHaveLength(1);
  expect(await gateway.ports.jobs.readJob(young.team, young.id)).not.toBeNull();

  await gateway.clock.advance(63 * 24 * hourMs);
  expect(await retain(gateway.ports)).toMatchObject({ usageRows: 2 });
  expect(gateway.usage(job)).toHaveLength(0);
});

test('a job that has not ended stays, however old', async () => {
  const job = await gateway.accept({ deadlineSeconds: 86_400 });
  await gateway.clock.advance(100 * hourMs);
  expect(await retain(gateway.ports)).toMatchObject({ jobs: 0 });
  expect(gateway.liveRow(job)).toBeDefined();
});
