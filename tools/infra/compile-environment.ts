import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { z } from 'zod';
import type { BicepSession } from './bicep-session.ts';

/** What the templates say for one parameter file: names, ids and properties as Azure would be asked for them. */
export interface CompiledEnvironment {
  readonly resources: readonly Readonly<Record<string, unknown>>[];
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly diagnostics: readonly string[];
}

export const infraDirectory = join(import.meta.dirname, '..', '..', 'infra');
// Any subscription will do: ids and tokens are computed from it, and nothing is asked of Azure.
const place = { subscriptionId: '00000000-0000-0000-0000-000000000001', location: 'swedencentral' };

/** What a compilation that deploys nothing may suppose of an installation: `variables`, and a month where they name none. */
export function supposeInstallation(variables: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { WEIR_BUDGET_START: '2026-11-01', ...variables };
}

const start = z.object({ line: z.number().int(), char: z.number().int() });
const diagnostic = z.object({
  source: z.string(),
  range: z.object({ start }),
  level: z.string(),
  code: z.string(),
  message: z.string(),
});
const compilation = z.object({ success: z.boolean(), diagnostics: z.array(diagnostic) });
const template = compilation.extend({ contents: z.string().nullish() });
const snapshot = z.object({
  predictedResources: z.array(z.record(z.string(), z.unknown())),
  outputs: z.record(z.string(), z.unknown()),
  diagnostics: z.array(z.unknown()),
});

/** Parameter files in a directory: the one of `azd up` and one per environment, as paths relative to it. */
export async function listParameterFiles(directory: string): Promise<string[]> {
  const files = await readdir(directory, { recursive: true });
  return files.filter((file) => file.endsWith('.bicepparam')).sort();
}

/** Compiles infra/main.bicep with its modules to an ARM template. */
export async function compileTemplate(session: BicepSession): Promise<{ text: string; diagnostics: string[] }> {
  const compiled = template.parse(await session.call('bicep/compile', { path: join(infraDirectory, 'main.bicep') }));
  return { text: compiled.contents ?? '', diagnostics: describe(compiled.diagnostics) };
}

/** Evaluates a parameter file with its templates, offline. What the compiler finds are diagnostics, not exceptions. */
export async function compileEnvironment(
  session: BicepSession,
  parameterFile: string,
  directory = infraDirectory,
): Promise<CompiledEnvironment> {
  const path = join(directory, parameterFile);
  const compiled = compilation.parse(await session.call('bicep/compileParams', { path, parameterOverrides: {} }));
  const diagnostics = describe(compiled.diagnostics);
  if (!compiled.success) return { resources: [], outputs: {}, diagnostics: [...diagnostics, 'It does not compile.'] };
  let answer: unknown;
  try {
    answer = await session.call('bicep/getSnapshot', { path, metadata: place });
  } catch (error) {
    // What fail() in the templates says comes as an error of the question.
    if (!(error instanceof Error)) throw error;
    return { resources: [], outputs: {}, diagnostics: [...diagnostics, unwrap(error.message)] };
  }
  const predicted = snapshot.parse(JSON.parse(z.object({ snapshot: z.string() }).parse(answer).snapshot));
  return {
    resources: predicted.predictedResources,
    outputs: predicted.outputs,
    diagnostics: [...diagnostics, ...predicted.diagnostics.map((found) => JSON.stringify(found))],
  };
}

/** The same for a parameter file whose text is changed first: what would this value do? The tree stays as it is. */
export async function compileChanged(
  session: BicepSession,
  parameterFile: string,
  change: (text: string) => string,
): Promise<CompiledEnvironment> {
  const work = await mkdtemp(join(tmpdir(), 'weir-infra-'));
  try {
    await cp(infraDirectory, work, { recursive: true });
    const path = join(work, parameterFile);
    const before = await readFile(path, 'utf8');
    const after = change(before);
    if (after === before) throw new Error(`The change did not change ${parameterFile}.`);
    await writeFile(path, after);
    return await compileEnvironment(session, parameterFile, work);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** As compilers write it; places are counted from 1. */
function describe(found: readonly z.output<typeof diagnostic>[]): string[] {
  return found.map(({ source, range, level, code, message }) => {
    const { line, char } = range.start;
    return `${relative(process.cwd(), source)}(${line + 1},${char + 1}): ${level} ${code}: ${message}`;
  });
}

/** What the templates' own fail() says, without what Resource Manager wraps around it. */
function unwrap(message: string): string {
  return (
    /^The template variable '\w+' is not valid: (.*?)\.? Please see https:\S+ for usage details\.$/s.exec(
      message,
    )?.[1] ?? message
  );
}
