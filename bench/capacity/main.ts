import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { BenchCase, Outcome } from './bench-case.ts';
import { cases } from './cases.ts';
import { isMet, worstOf } from './check.ts';
import { comparedScenarios, strategies } from './compare.ts';
import { type Compared, type KeptCase, keepResults, printGoals } from './keep-results.ts';
import type { Figures } from './measure.ts';
import { printCase, printCompared } from './print.ts';
import { benchReal } from './real/bench-real.ts';
import { runTasks } from './run-tasks.ts';
import { runTask, type Task, type TaskResult } from './task.ts';

const usage = `npm run bench -- capacity [--only NAME[,NAME…]] [--seeds N] [--peers | --no-peers] [--processes N] [--json FILE] [--keep] [--list]

Runs Weir's booking policy and pump in virtual time: a simulated store that counts operations and loses ETag races,
the simulator's admission rules, 1 to 1,000 workers with clocks up to ±250 ms apart. Every figure is judged against its goal;
the exit code is 1 when one is missed. Seeds are fixed: same code, same figures. --keep writes the results to
bench/results/capacity.json and capacity.txt; with --only the other cases stay there as they were. About fifteen minutes on two free cores.

npm run bench -- capacity --real [--only eight | elastic] [--json FILE]
Real worker processes with the whole gateway, Azurite and the simulator, in real time: about seven minutes.
`;

interface CaseResult extends KeptCase {
  /** By seed. */
  readonly runs: readonly Outcome[];
}

/** The bench of issue "Capacity": every case with its goal beside the result, peers in the same run. Returns the exit code. */
export async function benchCapacity(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seeds: { type: 'string' },
      json: { type: 'string' },
      keep: { type: 'boolean', default: false },
      processes: { type: 'string', default: '2' },
      list: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      real: { type: 'boolean', default: false },
      'no-peers': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(usage);
  if (values.real) return benchReal(values.only, values.json, say);
  if (values.list)
    return say(cases.map(({ name, part, about }) => `${name.padEnd(52)}${part.padEnd(16)}${about}\n`).join(''));
  const names = values.only?.split(',') ?? null;
  const unknown = names?.filter((name) => !cases.some((known) => known.name === name)) ?? [];
  if (unknown.length > 0) {
    say(`There is no case ${unknown.join(', ')}; npm run bench -- capacity --list names them.\n`);
    return 2;
  }
  const seeds = values.seeds === undefined ? null : Number(values.seeds);
  const chosen = (values.peers ? [] : cases.filter(({ name }) => names === null || names.includes(name))).map(
    (known) => (seeds === null || known.isAlone ? known : { ...known, seeds }),
  );
  const isCompared = values.peers || (names === null && !values['no-peers']);
  const compared = isCompared
    ? comparedScenarios.flatMap(({ name }) => strategies.map((strategy) => ({ scenario: name, strategy })))
    : [];
  const results = await runAll(chosen, compared, Number(values.processes));
  say(printGoals(results.cases));
  const text = `${JSON.stringify(results, null, 1)}\n`;
  if (values.json !== undefined) await writeFile(values.json, text);
  if (values.keep) await keepResults(results);
  return results.cases.every(({ checks }) => checks.every(({ isMet }) => isMet)) ? 0 : 1;
}

/** What measures real time runs first and alone, everything else on several processes; printed in order. */
async function runAll(chosen: readonly BenchCase[], compared: readonly Omit<Compared, 'figures'>[], processes: number) {
  const tasksOf = ({ name, seeds }: BenchCase): Task[] =>
    Array.from({ length: seeds }, (_, seedOffset) => ({ kind: 'case', name, seedOffset }));
  const finished: CaseResult[] = [];
  for (const known of chosen.filter(({ isAlone }) => isAlone)) {
    const result = await runTask({ kind: 'case', name: known.name, seedOffset: 0 });
    finished.push(closeCase(known, [result]));
  }
  const rest = chosen.filter(({ isAlone }) => !isAlone);
  const tasks = [...rest.flatMap(tasksOf), ...compared.map((pair): Task => ({ kind: 'compared', ...pair }))];
  const results = runTasks(tasks, processes);
  for (const known of rest) finished.push(closeCase(known, await take(results, known.seeds)));
  const rows: Compared[] = [];
  for (const { name } of comparedScenarios) {
    const pairs = compared.filter(({ scenario }) => scenario === name);
    const taken = await take(results, pairs.length);
    const own = pairs.map((pair, index) => ({ ...pair, figures: figuresOf(taken[index]) }));
    if (own.length > 0) say(printCompared(name, own));
    rows.push(...own);
  }
  await results.return(undefined);
  return { cases: finished, compared: rows };
}

function closeCase(known: BenchCase, results: readonly TaskResult[]): CaseResult {
  const runs = results.flatMap((result) => (result.kind === 'case' ? [result.outcome] : []));
  const checks = (runs[0]?.checks ?? []).flatMap((_, index) => {
    const worst = worstOf(runs.flatMap((run) => run.checks[index] ?? []));
    return worst === undefined ? [] : [{ ...worst, isMet: isMet(worst) }];
  });
  const summary = runs[0]?.summary ?? '';
  say(printCase(known, checks, summary));
  const { name, part, about, seeds } = known;
  return { name, part, about, seeds, checks, summary, runs };
}

function figuresOf(result: TaskResult | undefined): Figures {
  if (result?.kind !== 'compared') throw new Error('A comparison has no figures.');
  return result.figures;
}

async function take(results: AsyncGenerator<TaskResult>, count: number): Promise<TaskResult[]> {
  const taken: TaskResult[] = [];
  while (taken.length < count) {
    const next = await results.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}
