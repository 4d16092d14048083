import { fork } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RealFigures, type RealPlan, realPlans } from './real-run.ts';

/** Runs the real plans (all of them, or the one named) and prints what came of them; 1 when a promise was broken. */
export async function benchReal(
  only: string | undefined,
  jsonFile: string | undefined,
  say: (text: string) => void,
): Promise<number> {
  const plans = realPlans.filter(({ name }) => only === undefined || only === name);
  if (plans.length === 0) {
    say(`There is no real run ${only}; there are ${realPlans.map(({ name }) => name).join(' and ')}.\n`);
    return 2;
  }
  const all: RealFigures[] = [];
  for (const plan of plans) {
    say(`\nreal run "${plan.name}": ${plan.workers} worker processes, Azurite, simulator\n`);
    const figures = await runInProcess(plan);
    say(describe(figures));
    all.push(figures);
  }
  if (jsonFile !== undefined) await writeFile(jsonFile, `${JSON.stringify({ runs: all }, null, 2)}\n`);
  return all.every(isKept) ? 0 : 1;
}

function runInProcess({ name }: RealPlan): Promise<RealFigures> {
  const { promise, resolve, reject } = Promise.withResolvers<RealFigures>();
  const child = fork(join(import.meta.dirname, 'run-plan.ts'), [name], { serialization: 'advanced' });
  child.once('message', resolve);
  child.once('exit', (code) => reject(new Error(`The real run "${name}" ended without figures (exit code ${code}).`)));
  return promise;
}

/** What no machine may be too slow for: nothing over a limit, nothing lost, nothing held. */
function isKept(figures: RealFigures): boolean {
  return figures.overLimit === 0 && figures.peakShare <= 1 && figures.notEnded === 0 && figures.heldNanoUsd === 0;
}

function describe(figures: RealFigures): string {
  const waits = Object.entries(figures.waits).map(
    ([lane, { jobs, p50, p95 }]) => `${lane} ${p50.toFixed(1)} / ${p95.toFixed(1)} s (${jobs})`,
  );
  const rows: readonly (readonly [string, string])[] = [
    ['utilisation', `${(figures.utilisation * 100).toFixed(1)} %`],
    ['429s', `${figures.throttled} in all, ${figures.throttledPerJob.toFixed(4)} per job`],
    ['most in any 60 s ÷ limit', figures.peakShare.toFixed(3)],
    ['arrivals over a limit', String(figures.overLimit)],
    ['ledger operations per job', figures.operationsPerJob.toFixed(2)],
    ['jobs', `${figures.accepted} accepted, ${JSON.stringify(figures.ended)}, ${figures.notEnded} not ended`],
    ['submissions tried again', String(figures.submissionRetries)],
    [
      'upstream calls',
      `${figures.upstreamCalls}; in the books ${figures.attempts} of jobs, ${figures.testCalls} tests`,
    ],
    ['money still held', `${figures.heldNanoUsd} nano-dollars`],
    ['wait p50 / p95', waits.join(', ')],
  ];
  return rows.map(([name, value]) => `  ${name.padEnd(28)}${value}\n`).join('');
}
