import { setTimeout as sleep } from 'node:timers/promises';
import { readRequests, readUsageRows } from '../../test/support/compare-bill.ts';
import { chatJob, type JsonObject, type WeirUnderTest } from '../../test/support/weir-under-test.ts';
import type { CrashPoint, CrashRecord } from '../reliability/crash-point.ts';
import { inParallel, judgeJobs } from '../reliability/judge-jobs.ts';
import type { Round } from '../reliability/print-rounds.ts';
import { checkCrash } from './check-crash.ts';
import { runDoomedWorker } from './doomed-worker.ts';
import { workerSettings } from './fleet-settings.ts';
import { findVictims, readRecovery, type Victim } from './victims.ts';

/** Kills of one round: their points in any order, and what a job may come to beside success. */
export interface KillRound {
  readonly fault: string;
  readonly points: readonly CrashPoint[];
  /** Recovery that takes longer breaks a promise; null where the settings are not those of production. */
  readonly recoveryLimitSeconds: number | null;
}

/** Workers that are alive at a time. */
const workerCount = 2;
const submitEveryMs = 400;
const endWithinMs = 480_000;

/**
 * Kills workers one after the other at the points of a round while jobs keep coming, then lets sound workers finish, and judges. Jobs
 * lost by three workers may fail `worker_lost`: that is the promise for them.
 */
export async function runKillRound(weir: WeirUnderTest, round: KillRound): Promise<Round> {
  const open = [...round.points];
  const crashes: CrashRecord[] = [];
  const victims: Victim[] = [];
  const dieOften = async () => {
    for (let point = open.shift(); point !== undefined; point = open.shift()) {
      const crash = await runDoomedWorker(weir, { point, nth: 1 + (crashes.length % 3) });
      crashes.push(crash);
      victims.push(...(await findVictims(weir, crash)));
    }
  };
  const dying = Promise.all(Array.from({ length: workerCount }, dieOften));
  const ids = await submitUntil(weir, dying, round.points);
  await dying;
  const sound = await Promise.all(
    Array.from({ length: workerCount }, () => weir.startWorker({ environment: workerSettings })),
  );
  const judgement = await judgeJobs(weir, ids, { withinMs: endWithinMs, mayEnd: ['failed worker_lost'] });
  const recoveries: number[] = [];
  const broken: string[] = [];
  await inParallel(victims, async (victim) => {
    const seconds = await readRecovery(weir, victim);
    if (seconds !== null) recoveries.push(seconds);
    const limit = round.recoveryLimitSeconds;
    if (limit !== null && (seconds ?? Number.POSITIVE_INFINITY) > limit)
      broken.push(`${victim.job} went on after ${seconds} s, ${limit} s are promised`);
  });
  const books = { requests: await readRequests(weir), rows: await readUsageRows(weir) };
  broken.push(
    ...crashes.flatMap((crash) => checkCrash(crash, books)),
    ...findLostTooSoon(judgement.ends, ids, books.rows),
  );
  for (const worker of sound) await worker.stop(30_000);
  return {
    fault: round.fault,
    injected: crashes.length,
    judgement,
    recoverySeconds: recoveries.length === 0 ? null : Math.max(...recoveries),
    broken,
  };
}

/** Submits jobs until `over` settles; long answers among them where the answer's blob is a point. */
async function submitUntil(
  weir: WeirUnderTest,
  over: Promise<unknown>,
  points: readonly CrashPoint[],
): Promise<readonly string[]> {
  const ids: string[] = [];
  let isOver = false;
  const noteEnd = () => {
    isOver = true;
  };
  over.then(noteEnd, noteEnd);
  while (!isOver) {
    const isLong = points.includes('afterBlob') && ids.length % 2 === 0;
    ids.push(String((await weir.submit(isLong ? longJob(ids.length) : chatJob(`Name river ${ids.length}.`)))['id']));
    await sleep(submitEveryMs);
  }
  return ids;
}

/** A job whose answer is longer than a row holds, and so is stored as a blob first: embeddings are long and use few tokens. */
function longJob(number: number): JsonObject {
  const input = Array.from({ length: 10 }, (_, index) => `Text ${number} of ${index}`);
  return { endpoint: '/v1/embeddings', body: { model: 'text-embedding-3-small', input } };
}

/** Jobs that failed `worker_lost` must have lost three workers, no fewer. */
function findLostTooSoon(
  ends: Readonly<Record<string, number>>,
  ids: readonly string[],
  rows: readonly { readonly job: string; readonly outcome: string }[],
): readonly string[] {
  const lost = ends['failed worker_lost'] ?? 0;
  const lostThrice = ids.filter(
    (id) => rows.filter(({ job, outcome }) => job === id && outcome === 'unknown').length === 3,
  );
  return lost <= lostThrice.length
    ? []
    : [`${lost} jobs failed worker_lost, ${lostThrice.length} had lost three workers`];
}
