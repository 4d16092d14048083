import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runBicep } from './run-bicep.ts';

/** What the templates say for one parameter file: names, ids and properties as Azure would be asked for them. */
export interface CompiledEnvironment {
  readonly resources: readonly Readonly<Record<string, unknown>>[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly diagnostics: readonly string[];
}

export const infraDirectory = join(import.meta.dirname, '..', '..', 'infra');
// Any subscription will do: ids and tokens are computed from it, and nothing is asked of Azure.
const subscriptionId = '00000000-0000-0000-0000-000000000001';

/** Parameter files under infra/: the one of `azd up` and one per environment, as paths relative to infra/. */
export async function listParameterFiles(): Promise<string[]> {
  const files = await readdir(infraDirectory, { recursive: true });
  return files.filter((file) => file.endsWith('.bicepparam')).sort();
}

/**
 * Evaluates a parameter file with its templates, offline. `change` edits the text of the parameter file first, for
 * asking what a wrong value would do. Errors of the compiler are diagnostics here, not exceptions.
 */
export async function compileEnvironment(
  parameterFile: string,
  change: (text: string) => string = (text) => text,
): Promise<CompiledEnvironment> {
  // The CLI writes its snapshot beside the parameter file; the tree stays as it is.
  const work = await mkdtemp(join(tmpdir(), 'weir-infra-'));
  try {
    await cp(infraDirectory, work, { recursive: true });
    const path = join(work, parameterFile);
    await replaceText(path, change);
    const place = ['--subscription-id', subscriptionId, '--location', 'swedencentral'];
    const run = await runBicep(['snapshot', parameterFile, '--mode', 'overwrite', ...place], work);
    const text = await readFile(path.replace(/\.bicepparam$/, '.snapshot.json'), 'utf8').catch(() => undefined);
    return readSnapshot(text, run.diagnostics);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function replaceText(path: string, change: (text: string) => string): Promise<void> {
  await writeFile(path, change(await readFile(path, 'utf8')));
}

function readSnapshot(text: string | undefined, said: readonly string[]): CompiledEnvironment {
  if (text === undefined) {
    return { resources: [], outputs: {}, diagnostics: said.length > 0 ? said : ['bicep wrote no snapshot'] };
  }
  const snapshot: unknown = JSON.parse(text);
  if (
    !isRecord(snapshot) ||
    !Array.isArray(snapshot['predictedResources']) ||
    !Array.isArray(snapshot['diagnostics'])
  ) {
    throw new Error(
      'The snapshot has neither predictedResources nor diagnostics: another version of the CLI wrote it.',
    );
  }
  const found = snapshot['diagnostics'].map((diagnostic) => JSON.stringify(diagnostic));
  return {
    resources: snapshot['predictedResources'].filter(isRecord),
    outputs: isRecord(snapshot['outputs']) ? snapshot['outputs'] : {},
    diagnostics: [...said, ...found],
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
