import { chatJob, type JsonObject, WeirUnderTest } from '../../test/support/weir-under-test.ts';
import { percentile } from '../percentile.ts';
import type { Goal } from './goals.ts';
import { printGoals } from './print.ts';
import { troubled } from './scenario.ts';

const jobsPerSecond = 2.5;
const quietSeconds = 10;
const troubleSeconds = 15;
const afterSeconds = 15;

interface RealAttempt {
  readonly deployment: string;
  readonly status_code: number | null;
  readonly started_at: number;
  readonly latency_ms: number;
}

/** The same on real processes: host, Azurite and simulator, one region answering 503 for a while. Under a minute. */
export async function runReal(say: (text: string) => void): Promise<Goal[]> {
  const weir = await WeirUnderTest.start();
  try {
    const startedMs = Date.now();
    const ids: string[] = [];
    const failures: unknown[] = [];
    const seconds = quietSeconds + troubleSeconds + afterSeconds;
    let isScripted = false;
    for (let count = 0; count < seconds * jobsPerSecond; count += 1) {
      const dueMs = startedMs + (count * 1000) / jobsPerSecond;
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - Date.now())));
      if (!isScripted && count >= quietSeconds * jobsPerSecond) {
        isScripted = true;
        await weir.fault({ kind: 'status', status: 503, region: troubled, forMs: troubleSeconds * 1000 });
      }
      weir.submit(chatJob('Name three rivers.')).then(
        (job) => ids.push(String(job['id'])),
        (error: unknown) => failures.push(error),
      );
    }
    const jobs: JsonObject[] = [];
    for (const id of ids) jobs.push(await weir.waitForEnd(id, { withinMs: 60_000 }));
    const attempts = jobs.map((job) => readAttempts(job));
    const gaps = attempts
      .flatMap((own) =>
        own.slice(1).map((next, index) => {
          const before = own[index];
          return before === undefined ? 0 : (next.started_at - before.started_at) * 1000 - before.latency_ms;
        }),
      )
      .sort((left, right) => left - right);
    const calls = attempts.reduce((sum, own) => sum + own.length, 0);
    const back = attempts
      .flat()
      .filter(({ deployment, status_code, started_at }) => {
        const sinceMs = started_at * 1000 - startedMs - (quietSeconds + troubleSeconds) * 1000;
        return deployment === troubled && status_code === 200 && sinceMs > 0;
      })
      .map(({ started_at }) => started_at * 1000 - startedMs - (quietSeconds + troubleSeconds) * 1000);
    const backMs = Math.min(...back);
    const succeeded = jobs.filter((job) => job['status'] === 'succeeded').length;
    const goals: Goal[] = [
      {
        figure: 'jobs that succeed',
        value: `${succeeded} of ${jobs.length + failures.length}`,
        goal: 'all',
        isMet: failures.length === 0 && succeeded === jobs.length,
      },
      {
        figure: 'calls ÷ jobs',
        value: (calls / jobs.length).toFixed(3),
        goal: '≤ 1.1',
        isMet: calls / jobs.length <= 1.1,
      },
      { figure: 'back after 503', value: `${(backMs / 1000).toFixed(1)} s`, goal: '≤ 15 s', isMet: backMs <= 15_000 },
    ];
    say(`\nReal processes (host, Azurite, simulator): ${troubled} answers 503 for ${troubleSeconds} s\n`);
    say(printGoals(goals));
    say(
      `  · ${gaps.length} failovers, storage included: p50 ${percentile(gaps, 0.5).toFixed(0)} ms, most ${(gaps.at(-1) ?? 0).toFixed(0)} ms\n`,
    );
    return goals;
  } finally {
    await weir.stop();
  }
}

function readAttempts(job: JsonObject): RealAttempt[] {
  const attempts = job['attempts'];
  return Array.isArray(attempts) ? attempts : [];
}
