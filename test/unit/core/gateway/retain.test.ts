import { beforeEach, expect, test } from 'vitest';
import { openTeam } from '../../../../src/core/adapters/memory/memory-state.ts';
import { type RetentionTally, retain } from '../../../../src/core/gateway/retain.ts';
import { GatewayUnderTest } from '../../../support/gateway-under-test.ts';
import { makeSampleEnd, makeSampleJob } from '../../../support/sample-jobs.ts';
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

test('large backlogs of some teams keep no other team waiting, and the next runs go on where there was no time', async () => {
  const large = ['a', 'b', 'c', 'd'];
  // An hour that begins with the first of the five: the small team is the last.
  await gateway.clock.advance((5 - (Math.floor(gateway.clock.now() / hourMs) % 5)) * hourMs);
  const now = gateway.clock.now();
  for (const team of large) addOldJobs(team, 500, now);
  addOldJobs('small', 20, now);
  gateway.contents.next('erase', slowly(10_000), Number.POSITIVE_INFINITY);

  const first = await run();
  expect(first).toMatchObject({ failedTeams: 0, unfinishedTeams: 4 });
  expect(left('small')).toBe(0);
  for (const team of large) expect(left(team)).toBeGreaterThan(0);

  const second = await run();
  expect(second).toMatchObject({ failedTeams: 0, unfinishedTeams: 0 });
  expect([...large, 'small'].map(left)).toEqual([0, 0, 0, 0, 0]);
  expect(first.jobs + second.jobs).toBe(2020);
});

test('a run that has no time for every team begins with another one each hour', async () => {
  const teams = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  for (const team of teams) addOldJobs(team, 1, gateway.clock.now());
  const seen = new Set<unknown>();
  const looks = (proceed: () => Promise<unknown>, [team]: readonly unknown[]) => {
    if (!teams.includes(String(team))) return proceed();
    seen.add(team);
    return slowly(10 * 60_000)(proceed);
  };
  gateway.live.next('listLive', looks, Number.POSITIVE_INFINITY);
  expect(await run()).toMatchObject({ unfinishedTeams: 7 });
  for (let hour = 1; hour < 4; hour += 1) await run();
  expect([...seen].sort()).toEqual(teams);
});

function slowly(durationMs: number) {
  return async (proceed: () => Promise<unknown>) => {
    await gateway.clock.sleep(durationMs);
    return proceed();
  };
}

function addOldJobs(team: string, count: number, now: number): void {
  gateway.state.registered.add(team);
  const { jobs } = openTeam(gateway.state, team);
  for (let number = 1; number <= count; number += 1) {
    const createdAtMs = now - 100 * hourMs - number;
    const job = makeSampleJob(team, { createdAtMs, end: makeSampleEnd({ finishedAtMs: createdAtMs + 1000 }) });
    jobs.set(job.id, job);
  }
}

const left = (team: string) => openTeam(gateway.state, team).jobs.size;

/** The timer's next run; an hour passes. */
async function run(): Promise<RetentionTally> {
  const done = retain(gateway.ports);
  await gateway.clock.advance(hourMs);
  return done;
}
