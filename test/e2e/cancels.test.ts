import { afterAll, beforeAll, expect, test } from 'vitest';
import { inParallel, isTerminal, readTrail } from '../../tools/reliability/judge-jobs.ts';
import { compareBill, readRequests } from '../support/compare-bill.ts';
import { chatJob, type JsonObject, WeirUnderTest, waitFor } from '../support/weir-under-test.ts';

const jobCount = 1000;
const leastRunning = 48;
let weir: WeirUnderTest;

beforeAll(async () => {
  weir = await WeirUnderTest.start({
    // Production's lease and sweep: with two thousand requests on two cores a heartbeat may come seconds late, and reading a thousand live
    // rows every two seconds would leave a slow storage emulator no time for anything else.
    hastened: { WEIR_LEASE_SECONDS: '45', WEIR_SWEEP_SCHEDULE: '*/15 * * * * *' },
    configure: (config) => ({
      ...config,
      pools: oneRegion(config['pools'] as JsonObject[]),
      limits: { maxQueuedJobs: 2 * jobCount },
      // The calls must still be under way when the last job is accepted.
      timeouts: { firstByteMs: 600_000, totalMs: 1_200_000 },
      teams: (config['teams'] as object[]).map((team) => ({ ...team, maxQueuedJobs: 2 * jobCount })),
    }),
  });
  // One host works on 33 to 64 messages of a queue at a time.
  await weir.startWorker({ environment: {} });
});

afterAll(async () => {
  await weir.stop();
});

test('fault 24: a thousand cancels, many of running jobs, end each job once, settle its money and stop its call', {
  timeout: 1_200_000,
}, async () => {
  await weir.fault({ kind: 'latency', latencyMs: 1_300_000 });
  const ids: string[] = [];
  await inParallel(
    Array.from({ length: jobCount }, (_, number) => number),
    async (number) => {
      ids.push(String((await weir.submit(chatJob(`Name star ${number}.`)))['id']));
    },
  );
  await waitFor('calls under way', async () => (await callsUnderWay()) >= leastRunning);
  const running = await callsUnderWay();
  // Each is asked for twice at once, as impatient callers do. Few jobs at a time: the more ends one transaction holds, the longer a slow
  // storage emulator takes over it, and what takes it 1.5 s is given up and tried again.
  await inParallel(
    ids,
    async (id) => {
      const answers = await Promise.all([1, 2].map(() => weir.insist('POST', `/jobs/${id}/cancel`)));
      expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    },
    4,
  );
  const ended = new Map<string, { status: string; attempts: { outcome: string }[] }>();
  await inParallel(ids, async (id) => {
    ended.set(id, await weir.waitForEnd(id));
    expect((await readTrail(weir, id)).filter(({ type }) => isTerminal(type))).toHaveLength(1);
  });
  expect(ended.size).toBe(jobCount);
  expect(new Set([...ended.values()].map(({ status }) => status))).toEqual(new Set(['cancelled']));
  const called = [...ended.values()].filter(({ attempts }) => attempts.length > 0);
  expect(running).toBeGreaterThanOrEqual(leastRunning);
  expect(called.length).toBeGreaterThanOrEqual(running);
  const outcomes = called.flatMap(({ attempts }) => attempts.map(({ outcome }) => outcome));
  // A machine that stands still between booking and sending may be told 429 by the service: one job in a hundred, no more.
  const throttled = outcomes.filter((outcome) => outcome === 'throttled').length;
  expect(throttled).toBeLessThanOrEqual(jobCount / 100);
  expect(new Set(outcomes.filter((outcome) => outcome !== 'throttled'))).toEqual(new Set(['aborted']));

  await waitFor('no call under way', async () => (await callsUnderWay()) === 0);
  await weir.clearFaults();
  const cancelled = new Set(ids);
  const callsOfCancelled = async () => (await readRequests(weir)).filter(({ job }) => cancelled.has(job ?? '')).length;
  const sent = await callsOfCancelled();
  const last = String((await weir.submit())['id']);
  await weir.waitForEnd(last);
  expect(await callsOfCancelled()).toBe(sent);
  const bill = await compareBill(weir, 'search', new Set([...ids, last]));
  expect(bill.differences).toEqual([]);
  expect(bill.rows).toBe(called.length + 1);
  expect((await weir.insist('GET', '/budgets/search')).body.held_usd).toBe('0.000000');
});

/**
 * One region with the quota of three: where there is another, a region that answers nobody is asked for a sign of life and left over its
 * silence, and on a slow machine that may come before calls enough are under way.
 */
function oneRegion(pools: readonly JsonObject[]): JsonObject[] {
  return pools.map((pool) => {
    const [first] = pool['deployments'] as JsonObject[];
    return { ...pool, deployments: [{ ...first, tokensPerMinute: 300_000, requestsPerMinute: 1800 }] };
  });
}

async function callsUnderWay(): Promise<number> {
  const report = await fetch(`${weir.simulatorUrl}/_sim/report`);
  return ((await report.json()) as { total: { inFlight: number } }).total.inFlight;
}
