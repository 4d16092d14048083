import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { BenchCase, Outcome } from './bench-case.ts';
import { cases } from './cases.ts';
import { type Check, isMet, worstOf } from './check.ts';
import { comparedScenarios, strategies } from './compare.ts';
import type { Figures } from './measure.ts';
import { printCase, printCompared } from './print.ts';
import { benchReal } from './real/bench-real.ts';
import { runTasks } from './run-tasks.ts';
import { runTask, type Task, type TaskResult } from './task.ts';

const usage = `npm run bench -- capacity [--only NAME[,NAME…]] [--seeds N] [--peers | --no-peers] [--processes N] [--json FILE] [--list]

Runs Weir's booking policy and pump in virtual time: a simulated store that counts operations and loses ETag races,
the simulator's admission rules, 1 to 1,000 workers with clocks up to ±250 ms apart. Every figure is judged against its goal;
the exit code is 1 when one is missed. Seeds are fixed: same code, same figures.

npm run bench -- capacity --real [--only eight | elastic] [--json FILE]
Real worker processes with the whole gateway, Azurite and the simulator, in real time: about seven minutes.
`;

interface CaseResult {
  readonly name: string;
  readonly part: string;
  readonly about: string;
  readonly checks: readonly (Check & { readonly isMet: boolean })[];
  /** By seed. */
  readonly runs: readonly Outcome[];
}

interface ComparedResult {
  readonly scenario: string;
  readonly strategy: string;
  readonly figures: Figures;
}

/** The bench of issue "Capacity": every case with its goal beside the result, peers in the same run. Returns the exit code. */
export async function benchCapacity(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seeds: { type: 'string' },
      json: { type: 'string' },
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
  const all = results.cases.flatMap(({ checks }) => checks);
  const missed = results.cases.flatMap(({ name, checks }) =>
    checks.filter((check) => !check.isMet).map(({ figure }) => `${name}: ${figure}`),
  );
  say(`\ngoals met: ${all.length - missed.length} of ${all.length}\n${missed.map((line) => `  ✗ ${line}\n`).join('')}`);
  if (values.json !== undefined) await writeFile(values.json, `${JSON.stringify(results, null, 1)}\n`);
  return missed.length === 0 ? 0 : 1;
}

interface Compared {
  readonly scenario: string;
  readonly strategy: string;
}

/** What measures real time runs first and alone, everything else on several processes; printed in order. */
async function runAll(chosen: readonly BenchCase[], compared: readonly Compared[], processes: number) {
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
  const rows: ComparedResult[] = [];
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
  say(printCase(known, checks, runs[0]?.summary ?? ''));
  return { name: known.name, part: known.part, about: known.about, checks, runs };
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
