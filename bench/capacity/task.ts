import type { Outcome } from './bench-case.ts';
import { cases } from './cases.ts';
import { comparedScenarios, runCompared } from './compare.ts';
import type { Figures } from './measure.ts';

/** One piece of the bench that can run in a process of its own. */
export type Task =
  | { readonly kind: 'case'; readonly name: string; readonly seedOffset: number }
  | { readonly kind: 'compared'; readonly scenario: string; readonly strategy: string };

export type TaskResult =
  | { readonly kind: 'case'; readonly outcome: Outcome; readonly realMs: number }
  | { readonly kind: 'compared'; readonly figures: Figures };

export async function runTask(task: Task): Promise<TaskResult> {
  if (task.kind === 'compared') {
    const found = comparedScenarios.find(({ name }) => name === task.scenario);
    if (found === undefined) throw new Error(`Nothing is compared in ${task.scenario}.`);
    return { kind: 'compared', figures: await runCompared(found, task.strategy) };
  }
  const found = cases.find(({ name }) => name === task.name);
  if (found === undefined) throw new Error(`There is no case ${task.name}.`);
  const startedMs = performance.now();
  const outcome = await found.run(task.seedOffset);
  return { kind: 'case', outcome, realMs: performance.now() - startedMs };
}
