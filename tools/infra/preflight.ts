import { spawnSync } from 'node:child_process';
import { relative, resolve } from 'node:path';
import { BicepSession } from './bicep-session.ts';
import { type CompiledEnvironment, compileEnvironment, infraDirectory } from './compile-environment.ts';
import { findModelProblems, type RegionAnswer, regionAnswer, type WantedDeployment } from './find-model-problems.ts';

const usage = `Asks Azure, signed in as az is, whether the regions of a parameter file offer its models, versions and SKUs, and
whether the subscription's quota bears its capacities. Changes nothing.

  node tools/infra/preflight.ts infra/env/dev.bicepparam`;

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

function valueAt(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>(
    (current, step) => (typeof current === 'object' && current !== null ? Reflect.get(current, step) : undefined),
    value,
  );
}

function askRegion(region: string): RegionAnswer {
  return regionAnswer.parse({ models: askAzure('model', region), quotas: askAzure('usage', region) });
}

function askAzure(what: 'model' | 'usage', region: string): unknown {
  const args = ['cognitiveservices', what, 'list', '--location', region, '--output', 'json'];
  const result = spawnSync('az', args, { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024, timeout: 120_000 });
  if (result.error !== undefined) throw new Error(`'az' could not be run (${result.error.message}).`);
  if (result.status !== 0) throw new Error(`az ${args.join(' ')}: ${result.stderr.trim()}`);
  return JSON.parse(result.stdout);
}

async function main(parameterFile: string | undefined): Promise<number> {
  if (parameterFile === undefined) throw new Error(usage);
  const session = await BicepSession.open();
  try {
    const compiled = await compileEnvironment(session, relative(infraDirectory, resolve(parameterFile)));
    if (compiled.diagnostics.length > 0) throw new Error(compiled.diagnostics.join('\n'));
    const wanted = readWanted(compiled);
    const regions = new Map([...new Set(wanted.map(({ region }) => region))].map((name) => [name, askRegion(name)]));
    const problems = findModelProblems(wanted, regions);
    for (const { severity, message } of problems) console.error(`${severity}: ${message}`);
    console.log(`${wanted.length} deployments in ${regions.size} regions, ${problems.length} problems.`);
    return problems.some(({ severity }) => severity === 'refused') ? 1 : 0;
  } finally {
    session.close();
  }
}

try {
  process.exitCode = await main(process.argv[2]);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
