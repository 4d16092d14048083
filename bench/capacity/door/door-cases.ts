import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { WeirError } from '../../../src/core/http/weir-error.ts';
import { percentile } from '../../percentile.ts';
import type { BenchCase, Outcome } from '../bench-case.ts';
import { atLeast, atMost } from '../check.ts';
import { DoorWorld } from './door-world.ts';

const submissions = 10_000;

/** The gateway's door: what is refused, and whether what the refusal says is true. */
export const door: readonly BenchCase[] = [
  {
    name: 'larger-than-any-limit',
    part: 'Bad input',
    about:
      "a request larger than a deployment's whole TPM, and one larger than its team's: refused at submit, limit named",
    seeds: 1,
    isAlone: false,
    run: refuseLarge,
  },
  ...[1, 8].map(
    (processes): BenchCase => ({
      name: `submissions-10000-${processes}`,
      part: 'Bad input',
      about: `ten thousand submissions at once, ${processes === 1 ? '1 process that just started' : `${processes} processes that have served before`}, 1,000 places: who is refused comes back when told to`,
      seeds: 1,
      isAlone: false,
      run: (seedOffset) => floodDoor(processes, seedOffset),
    }),
  ),
  {
    name: 'submissions-memory',
    part: 'Bad input',
    about: 'waves of ten thousand refused submissions: memory after each',
    seeds: 1,
    isAlone: false,
    run: measureMemory,
  },
];

async function refuseLarge(seedOffset: number): Promise<Outcome> {
  const pool = { seed: 1 + seedOffset, processes: 1, tokensPerMinute: 100_000, maxQueuedJobs: 1000 };
  const byDeployment = await inTime(new DoorWorld(pool), (world) => world.submit(4000, 100_000));
  const byTeam = await inTime(new DoorWorld({ ...pool, teamTokensPerMinute: 30_000 }), (world) =>
    world.submit(4000, 30_000),
  );
  const refusals: readonly (readonly [WeirError | null, string])[] = [
    [byDeployment, '100000 per minute'],
    [byTeam, '30000 per minute'],
  ];
  const isTold = ([refusal, limit]: readonly [WeirError | null, string]) =>
    refusal?.status === 400 && refusal.message.includes(limit);
  return {
    checks: [atLeast('refused, the limit named (of 2)', refusals.filter(isTold).length, 2)],
    summary: refusals.map(([refusal]) => refusal?.message ?? 'accepted').join(' · '),
    figures: { messages: refusals.map(([refusal]) => refusal?.message ?? null) },
  };
}

/** Everyone who is refused comes back at the moment that the refusal names, until all are in. */
async function floodDoor(processes: number, seedOffset: number): Promise<Outcome> {
  const world = new DoorWorld({ seed: 1 + seedOffset, processes, tokensPerMinute: 1_000_000, maxQueuedJobs: 1000 });
  if (processes > 1) await serveSome(world);
  const startMs = world.time.nowMs;
  const tries: number[] = [];
  const hintsMs: number[] = [];
  let accepted = 0;
  let statuses = 0;
  const client = async () => {
    for (let count = 1; ; count += 1) {
      const refusal = await world.submit(1996, 500);
      if (refusal === null) {
        accepted += 1;
        tries.push(count);
        return;
      }
      if (refusal.status === 429 && refusal.code === 'queue_full') statuses += 1;
      else throw refusal;
      hintsMs.push(refusal.retryAfterMs ?? Number.NaN);
      await world.time.sleep(refusal.retryAfterMs ?? 1000);
    }
  };
  for (let count = 0; count < submissions; count += 1) world.time.at(world.time.nowMs, () => void client());
  await world.time.run(world.time.nowMs + 1000);
  const first = { accepted, refused: statuses };
  for (let second = 0; second < 900 && accepted < submissions; second += 1)
    await world.time.run(world.time.nowMs + 1000);
  const cameBack = tries.filter((count) => count > 1);
  const sorted = hintsMs.filter((ms) => !Number.isNaN(ms)).sort((left, right) => left - right);
  return {
    checks: [
      atMost('not accepted in the end', submissions - accepted, 0),
      atMost('refusals without Retry-After', hintsMs.length - sorted.length, 0),
      atLeast(
        'let in when told to come (part)',
        cameBack.filter((count) => count === 2).length / cameBack.length,
        0.95,
      ),
    ],
    summary: [
      `first second: ${first.accepted} accepted, ${first.refused} refused`,
      `Retry-After p50 ${(percentile(sorted, 0.5) / 1000).toFixed(0)} s, at most ${(percentile(sorted, 1) / 1000).toFixed(0)} s`,
      `most tries ${tries.reduce((most, count) => Math.max(most, count), 0)}`,
      `all in after ${((world.time.nowMs - startMs) / 1000).toFixed(0)} s`,
    ].join(' · '),
    figures: { first, hints: sorted.length, tries: countBy(tries) },
  };
}

/** Several processes are there because there was work: each has booked, so that all know of each other. */
async function serveSome(world: DoorWorld): Promise<void> {
  for (let job = 0; job < 200; job += 1)
    world.time.at(world.time.nowMs + job * 100, () => void world.submit(1996, 500));
  await world.time.run(world.time.nowMs + 120_000);
}

async function measureMemory(seedOffset: number): Promise<Outcome> {
  const world = new DoorWorld({ seed: 1 + seedOffset, processes: 1, tokensPerMinute: 1000, maxQueuedJobs: 100 });
  const collect = exposeCollect();
  const wave = async (count: number): Promise<number> => {
    for (let index = 0; index < count; index += 1) world.time.at(world.time.nowMs, () => void world.submit(400, 100));
    await world.time.run(world.time.nowMs + 3000);
    collect();
    return process.memoryUsage().heapUsed / 1_048_576;
  };
  await wave(submissions);
  const before = await wave(submissions);
  const waves: number[] = [];
  for (let index = 0; index < 5; index += 1) waves.push(await wave(submissions));
  const grown = (waves.at(-1) ?? Number.NaN) - before;
  return {
    checks: [atMost('MiB more after 50,000 more refusals', grown, 2)],
    summary: `heap in MiB after each wave: ${[before, ...waves].map((mebibytes) => mebibytes.toFixed(1)).join(', ')}`,
    figures: { before, waves },
  };
}

async function inTime<T>(world: DoorWorld, work: (world: DoorWorld) => Promise<T>): Promise<T | null> {
  let result: T | null = null;
  void work(world).then((value) => {
    result = value;
  });
  await world.time.run(world.time.nowMs + 5000);
  return result;
}

function exposeCollect(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

function countBy(values: readonly number[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, all]) => [value, all.length]));
}
