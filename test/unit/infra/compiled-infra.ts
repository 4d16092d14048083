import { afterAll, beforeAll, vi } from 'vitest';
import { BicepSession } from '../../../tools/infra/bicep-session.ts';
import {
  type CompiledEnvironment,
  compileChanged,
  compileEnvironment,
  compileTemplate,
  supposeInstallation,
} from '../../../tools/infra/compile-environment.ts';

export const environments = ['main', 'env/dev', 'env/test', 'env/prod'] as const;
export type EnvironmentName = (typeof environments)[number];
export type Resource = Readonly<Record<string, unknown>>;

/** Starting the CLI takes seconds, and fetching it at the very first run a minute. */
const patienceMs = 300_000;

export interface CompiledInfra {
  environment(name: EnvironmentName): Promise<CompiledEnvironment>;
  changed(name: EnvironmentName, change: (text: string) => string): Promise<CompiledEnvironment>;
  template(): Promise<{ text: string; diagnostics: string[] }>;
}

/** Opens one Bicep session for the tests of a file. Where the CLI cannot be had, every test fails with how to get it. */
export function useCompiledInfra(): CompiledInfra {
  // The first question to a cold CLI took a minute on a machine that had other work.
  vi.setConfig({ testTimeout: 240_000 });
  let session: BicepSession | undefined;
  const known = new Map<EnvironmentName, Promise<CompiledEnvironment>>();
  const opened = (): BicepSession => {
    if (session === undefined) throw new Error('The Bicep session is not open.');
    return session;
  };
  beforeAll(async () => {
    session = await BicepSession.open(supposeInstallation(process.env));
  }, patienceMs);
  afterAll(() => session?.close());
  return {
    environment(name) {
      const compiled = known.get(name) ?? compileEnvironment(opened(), `${name}.bicepparam`);
      known.set(name, compiled);
      return compiled;
    },
    changed: (name, change) => compileChanged(opened(), `${name}.bicepparam`, change),
    template: () => compileTemplate(opened()),
  };
}

/** Resources of a type, as the templates would ask for them. */
export function ofType(compiled: CompiledEnvironment, type: string): Resource[] {
  return compiled.resources.filter((resource) => resource['type'] === type);
}

/** The only resource of a type. */
export function onlyOne(compiled: CompiledEnvironment, type: string): Resource {
  const found = ofType(compiled, type);
  if (found.length !== 1 || found[0] === undefined) throw new Error(`${found.length} resources of ${type}, not one.`);
  return found[0];
}

/** A value by its path, such as `at(resource, 'properties', 'siteConfig')`; undefined when a step is missing. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  let current = value;
  for (const step of path) {
    if (typeof current !== 'object' || current === null) return undefined;
    current = Reflect.get(current, step);
  }
  return current;
}

/** The last segments of resource ids, for readable comparisons. */
export function namesOf(resources: readonly Resource[]): string[] {
  return resources.map((resource) => String(resource['name']).split('/').at(-1) ?? '').sort();
}
