import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cases } from './cases.ts';
import type { Check } from './check.ts';
import { comparedScenarios } from './compare.ts';
import type { Figures } from './measure.ts';
import { printCase, printCompared } from './print.ts';

/** One case as it is kept: its checks, of several seeds the worst, and its other figures in a line. */
export interface KeptCase {
  readonly name: string;
  readonly part: string;
  readonly about: string;
  readonly seeds: number;
  readonly checks: readonly (Check & { readonly isMet: boolean })[];
  readonly summary: string;
}

export interface Compared {
  readonly scenario: string;
  readonly strategy: string;
  readonly figures: Figures;
}

export interface Kept {
  readonly cases: readonly KeptCase[];
  readonly compared: readonly Compared[];
}

const folder = join(import.meta.dirname, '../results');

/**
 * Writes results to `bench/results/capacity.{json,txt}`. What was not run this time stays as it was kept; what is kept of cases that are
 * gone, or are another one now, is dropped.
 */
export async function keepResults(run: Kept): Promise<void> {
  const path = join(folder, 'capacity.json');
  const kept: Kept = JSON.parse(await readFile(path, 'utf8'), readFigure);
  const merged = mergeResults(kept, run);
  await writeFile(path, `${JSON.stringify(merged, null, 2)}\n`);
  await writeFile(join(folder, 'capacity.txt'), printResults(merged));
}

/** A figure that could not be taken is null in JSON. */
function readFigure(key: string, value: unknown): unknown {
  return value === null && key !== 'instead' ? Number.NaN : value;
}

function mergeResults(kept: Kept, run: Kept): Kept {
  const ran = run.cases.map(({ name, part, about, seeds, checks, summary }) => ({
    name,
    part,
    about,
    seeds,
    checks,
    summary,
  }));
  const isSame = (one: KeptCase) => cases.some(({ name, about }) => name === one.name && about === one.about);
  const byName = new Map([...kept.cases.filter(isSame), ...ran].map((one) => [one.name, one]));
  const pairs = new Map([...kept.compared, ...run.compared].map((one) => [`${one.scenario}|${one.strategy}`, one]));
  return {
    cases: cases.flatMap(({ name }) => byName.get(name) ?? []),
    compared: [...pairs.values()],
  };
}

function printResults({ cases: all, compared }: Kept): string {
  const tables = comparedScenarios.flatMap(({ name }) => {
    const rows = compared.filter(({ scenario }) => scenario === name);
    return rows.length === 0 ? [] : [printCompared(name, rows)];
  });
  return [...all.map((one) => printCase(one, one.checks, one.summary)), ...tables, printGoals(all)].join('');
}

/** How many goals are met, and which are not. */
export function printGoals(all: readonly Pick<KeptCase, 'name' | 'checks'>[]): string {
  const missed = all.flatMap(({ name, checks }) =>
    checks.filter(({ isMet }) => !isMet).map(({ figure }) => `  ✗ ${name}: ${figure}\n`),
  );
  const count = all.reduce((sum, { checks }) => sum + checks.length, 0);
  return `\ngoals met: ${count - missed.length} of ${count}\n${missed.join('')}`;
}
