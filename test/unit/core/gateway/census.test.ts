import { expect, test } from 'vitest';
import { MemoryJobStore } from '../../../../src/core/adapters/memory/job-store.ts';
import { MemoryLiveJobStore } from '../../../../src/core/adapters/memory/live-job-store.ts';
import { makeMemoryState } from '../../../../src/core/adapters/memory/memory-state.ts';
import { Census } from '../../../../src/core/gateway/census.ts';
import { DoorPromises } from '../../../../src/core/gateway/door-promises.ts';
import { Intercepted } from '../../../support/intercept.ts';
import { makeSampleJob, makeSampleLive } from '../../../support/sample-jobs.ts';
import { VirtualClock } from '../../../support/virtual-clock.ts';

const model = 'gpt-4.1-mini';

function setUp() {
  const clock = new VirtualClock();
  const state = makeMemoryState();
  const live = new Intercepted(new MemoryLiveJobStore(state, 3));
  const jobs = new MemoryJobStore(state);
  const accept = async (id: string) => {
    const job = makeSampleJob('search', { id, createdAtMs: clock.now() });
    await live.port.registerTeam('search');
    await jobs.apply('search', [{ kind: 'accept', job, live: makeSampleLive(job) }], null);
  };
  return { clock, live, accept, census: new Census({ store: live.port, clock }) };
}

const inSearch = (census: Census) => census.count('search', 'standard').jobs;

test('a place counts from the moment it is taken until it is given back', async () => {
  const { census } = setUp();
  await census.view();
  const place = census.admit('job-1', { team: 'search', model, lane: 'standard' });
  expect(inSearch(census)).toBe(1);
  expect(census.count(null, null).jobs).toBe(1);
  place.withdraw();
  place.withdraw();
  expect(inSearch(census)).toBe(0);
});

test('a job is counted once, whether or not the walk has seen it', async () => {
  const { census, accept, clock } = setUp();
  await census.view();
  const places = ['job-1', 'job-2'].map((id) => census.admit(id, { team: 'search', model, lane: 'standard' }));
  await accept('job-1');
  places[0]?.confirm();
  await clock.advance(2000);
  await census.view();
  expect(inSearch(census)).toBe(2);
  await accept('job-2');
  places[1]?.confirm();
  places[1]?.withdraw();
  await clock.advance(2000);
  await census.view();
  expect(inSearch(census)).toBe(2);
  await clock.advance(2000);
  await census.view();
  expect(inSearch(census)).toBe(2);
});

test('a place taken while the walk is under way is not lost with its result', async () => {
  const { census, live, accept, clock } = setUp();
  await accept('job-1');
  live.next('listLive', async (proceed) => {
    const page = await proceed();
    await clock.sleep(50);
    return page;
  });
  const viewing = census.view();
  await clock.advance(10);
  const place = census.admit('job-2', { team: 'search', model, lane: 'standard' });
  await accept('job-2');
  place.confirm();
  await clock.advance(50);
  await viewing;
  expect(inSearch(census)).toBe(2);
});

test('ten thousand questions at once walk the rows once', async () => {
  const { census, live, accept } = setUp();
  for (let index = 0; index < 7; index += 1) await accept(`job-${index}`);
  live.calls.length = 0;
  await Promise.all(Array.from({ length: 10_000 }, () => census.view()));
  expect(live.calls).toEqual(['listTeams', 'listLive', 'listLive', 'listLive']);
  expect(inSearch(census)).toBe(7);
});

test('the oldest waiting job is that of the rows, or the one that was just accepted', async () => {
  const { census, accept, clock } = setUp();
  await census.view();
  census.admit('job-1', { team: 'search', model, lane: 'standard' });
  expect(census.count(null, 'standard').oldestQueuedAtMs).toBeNull();
  census.admit('job-2', { team: 'search', model, lane: 'standard' }).confirm();
  expect(census.count(null, 'standard').oldestQueuedAtMs).toBe(clock.now());
  await accept('job-2');
  const acceptedAtMs = clock.now();
  await clock.advance(5000);
  await census.view();
  expect(census.count(null, 'standard').oldestQueuedAtMs).toBe(acceptedAtMs);
});

test('every refused caller is promised another place, none later than the longest that is told', async () => {
  const promises = new DoorPromises();
  const rate = { firstMs: 1500, stepMs: 200, mostMs: 2000 };
  let reads = 0;
  const readRate = async () => {
    reads += 1;
    return rate;
  };
  const next = (door: string, nowMs: number) => promises.next(door, { team: 'search', kind: 'bulk' }, nowMs, readRate);
  const told = await Promise.all(Array.from({ length: 5 }, () => next('lane|bulk', 1_000_000)));
  expect([told, reads]).toEqual([[1500, 1700, 1900, 2000, 2000], 1]);
  expect(await next('lane|standard', 1_000_000)).toBe(1500);
  expect(await next('lane|bulk', 1_010_000)).toBe(1500);
  expect(reads).toBe(3);
});

test('who asks on and on moves no other team further back than their fair part of the places', async () => {
  const promises = new DoorPromises();
  const readRate = async () => ({ firstMs: 1000, stepMs: 200, mostMs: 3_600_000 });
  const next = (team: string) => promises.next('lane|bulk', { team, kind: 'bulk' }, 1_000_000, readRate);
  for (let count = 0; count < 1000; count += 1) await next('search');
  expect([await next('support'), await next('support'), await next('search')]).toEqual([1000, 1400, 201_200]);
});

test('what the last walk need not have seen is counted by its team and its lane', async () => {
  const { census, accept, clock } = setUp();
  await census.view();
  const place = census.admit('job-1', { team: 'search', model, lane: 'standard' });
  census.admit('job-2', { team: 'support', model, lane: 'standard' });
  census.admit('job-3', { team: 'search', model, lane: 'bulk' });
  expect([census.countUnseen(null, 'standard'), census.countUnseen('search', 'standard')]).toEqual([2, 2]);
  await accept('job-1');
  place.confirm();
  await clock.advance(2500);
  await census.view();
  expect(census.countUnseen(null, 'standard')).toBe(1);
});
