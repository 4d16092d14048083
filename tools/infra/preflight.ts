import { relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { askBudgetStart, askRegion } from './ask-azure.ts';
import { BicepSession } from './bicep-session.ts';
import { type CompiledEnvironment, compileEnvironment, infraDirectory } from './compile-environment.ts';
import { findBudgetProblem } from './find-budget-problem.ts';
import { findModelProblems, type ModelProblem, type WantedDeployment } from './find-model-problems.ts';

const usage = `Asks Azure, signed in as az is, whether the regions of a parameter file offer its models, versions and SKUs, whether
the subscription's quota bears its capacities, and whether its budget may begin when it says. Changes nothing.

  node tools/bootstrap.mjs tools/infra/preflight.ts infra/env/dev.bicepparam`;

/** What Azure would refuse of a parameter file, or take only in part, and what was looked at. */
export interface Preflight {
  readonly deployments: number;
  readonly regions: number;
  readonly problems: readonly ModelProblem[];
}

/** Compares a parameter file with what az is told. Throws where it does not compile, or az gives no answer. */
export async function judgeBeforehand(session: BicepSession, parameterFile: string): Promise<Preflight> {
  const compiled = await compileEnvironment(session, relative(infraDirectory, resolve(parameterFile)));
  if (compiled.diagnostics.length > 0) throw new Error(compiled.diagnostics.join('\n'));
  const wanted = readWanted(compiled);
  const regions = new Map([...new Set(wanted.map(({ region }) => region))].map((name) => [name, askRegion(name)]));
  const problems = [...findModelProblems(wanted, regions), ...judgeBudgets(compiled)];
  return { deployments: wanted.length, regions: regions.size, problems };
}

function readWanted(compiled: CompiledEnvironment): WantedDeployment[] {
  const regions = new Map<string, string>();
  for (const { type, name, location } of compiled.resources) {
    if (type === 'Microsoft.CognitiveServices/accounts') regions.set(String(name), String(location));
  }
  return compiled.resources
    .filter(({ type }) => type === 'Microsoft.CognitiveServices/accounts/deployments')
    .map((resource) => {
      const account = String(resource['name']).split('/')[0] ?? '';
      return {
        account,
        region: regions.get(account) ?? '',
        model: String(valueAt(resource, 'properties', 'model', 'name')),
        version: String(valueAt(resource, 'properties', 'model', 'version')),
        sku: String(valueAt(resource, 'sku', 'name')),
        capacity: Number(valueAt(resource, 'sku', 'capacity')),
      };
    });
}

function judgeBudgets({ resources }: CompiledEnvironment): ModelProblem[] {
  return resources
    .filter(({ type }) => type === 'Microsoft.Consumption/budgets')
    .flatMap((budget) => {
      const wanted = String(valueAt(budget, 'properties', 'timePeriod', 'startDate'));
      return findBudgetProblem(wanted, askBudgetStart(budget), new Date()) ?? [];
    });
}

function valueAt(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (current, step) => (typeof current === 'object' && current !== null ? Reflect.get(current, step) : undefined),
    value,
  );
}

async function main(parameterFile: string | undefined): Promise<number> {
  if (parameterFile === undefined) throw new Error(usage);
  const session = await BicepSession.open();
  try {
    const { deployments, regions, problems } = await judgeBeforehand(session, parameterFile);
    for (const { severity, message } of problems) console.error(`${severity}: ${message}`);
    const count = (number: number, noun: string) => `${number} ${noun}${number === 1 ? '' : 's'}`;
    console.log(
      `${count(deployments, 'deployment')} in ${count(regions, 'region')}, ${count(problems.length, 'problem')}.`,
    );
    return problems.some(({ severity }) => severity === 'refused') ? 1 : 0;
  } finally {
    session.close();
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    process.exitCode = await main(process.argv[2]);
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
