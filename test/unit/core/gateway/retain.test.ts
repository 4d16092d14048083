import { beforeEach, expect, test } from 'vitest';
import { openTeam } from '../../../../src/core/adapters/memory/memory-state.ts';
import { keyOfUsage } from '../../../../src/core/adapters/memory/usage-store.ts';
import { type RetentionTally, retain } from '../../../../src/core/gateway/retain.ts';
import { GatewayUnderTest, storageAway } from '../../../support/gateway-under-test.ts';
import type { Interception } from '../../../support/intercept.ts';
import { makeSampleEnd, makeSampleJob, makeSampleUsage } from '../../../support/sample-jobs.ts';
import { answer } from '../../../support/scripted-upstream.ts';

const hourMs = 3_600_000;
const teams = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];

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

test('no other work for a team, however long it takes, keeps its old jobs on record', async () => {
  for (const team of teams) addOldJobs(team, 250, gateway.clock.now());
  const slow = ofTeams(slowly(2 * 60_000));
  gateway.live.next('listLive', slow, Number.POSITIVE_INFINITY);
  gateway.contents.next('listJobs', slow, Number.POSITIVE_INFINITY);
  let runs = 0;
  for (; teams.some((team) => left(team) > 0) && runs < 10; runs += 1) await run();
  // Each run comes to a page of a hundred jobs of every team.
  expect(runs).toBe(3);
});

test('usage past its time is removed page by page, and a run that is over leaves the rest to the next', async () => {
  const { usage } = openTeam(gateway.state, 'search');
  gateway.state.registered.add('search');
  for (let number = 1; number <= 9500; number += 1) {
    const row = makeSampleUsage('search', { atMs: gateway.clock.now() - 100 * 24 * hourMs - number });
    usage.set(keyOfUsage(row), row);
  }
  const remove = gateway.ports.usage.removeBefore.bind(gateway.ports.usage);
  gateway.ports.usage.removeBefore = (...asked) => slowly(2 * 60_000)(() => remove(...asked)) as Promise<number>;
  expect(await run()).toMatchObject({ usageRows: 4000, unfinishedTeams: 1 });
  expect(await run()).toMatchObject({ usageRows: 4000, unfinishedTeams: 1 });
  expect(await run()).toMatchObject({ usageRows: 1500, unfinishedTeams: 0 });
});

test('what fails for a team ends that work alone: its old jobs and other teams go on', async () => {
  for (const team of teams) addOldJobs(team, 150, gateway.clock.now());
  gateway.live.next(
    'listLive',
    ofTeams(() => Promise.reject(storageAway)),
    Number.POSITIVE_INFINITY,
  );
  expect(await run()).toMatchObject({ failedTeams: teams.length, unfinishedTeams: 0, jobs: teams.length * 150 });
  expect(gateway.notices('team_not_retained')).toHaveLength(teams.length);
});

test('a team that cannot be made known again keeps nobody else from being looked after', async () => {
  const configured = new GatewayUnderTest().ports.config.current().teams[0];
  if (configured === undefined) throw new Error('The sample configuration has teams.');
  for (const team of teams) addOldJobs(team, 1, gateway.clock.now());
  gateway.live.next(
    'listLive',
    (proceed, [team]) => (team === configured.id ? Promise.reject(storageAway) : proceed()),
    Number.POSITIVE_INFINITY,
  );
  expect(await run()).toMatchObject({ failedTeams: 1, jobs: teams.length });
  expect(gateway.notices('team_not_retained')).toMatchObject([{ fields: { team: configured.id } }]);
});

test('a run that has no time for every team begins with others each hour', async () => {
  for (const team of teams) addOldJobs(team, 1, gateway.clock.now());
  const seen = new Set<unknown>();
  const looks = ofTeams((proceed, [team]) => {
    seen.add(team);
    return slowly(10 * 60_000)(proceed);
  });
  gateway.jobs.next('listJobs', looks, Number.POSITIVE_INFINITY);
  expect(await run()).toMatchObject({ unfinishedTeams: 7 });
  for (let hour = 1; hour < 4; hour += 1) await run();
  expect([...seen].sort()).toEqual(teams);
});

/** Acts on calls about the seven teams alone: before them, configured teams are looked for. */
function ofTeams(act: Interception): Interception {
  return (proceed, args) => (teams.includes(String(args[0])) ? act(proceed, args) : proceed());
}

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
