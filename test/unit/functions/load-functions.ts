import { readdirSync } from 'node:fs';
import { Module } from 'node:module';
import { join } from 'node:path';

/** An HTTP route as the app registered it. */
export interface RegisteredRoute {
  readonly name: string;
  readonly method: string;
  /** With a leading slash. */
  readonly path: string;
}

interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const directory = join(import.meta.dirname, '../../../src/functions');

/** Imports every file of `src/functions` in front of a core module that only takes notes, and tells the routes. */
export async function loadRoutes(): Promise<readonly RegisteredRoute[]> {
  const registered: FunctionMetadata[] = [];
  const original = Module.prototype.require;
  const core = {
    version: '0.0.0',
    hostVersion: '4.1000.0.0',
    registerHook: () => ({ dispose: () => undefined }),
    setProgrammingModel: () => undefined,
    log: () => undefined,
    registerFunction(metadata: FunctionMetadata) {
      registered.push(metadata);
      return { dispose: () => undefined };
    },
  };
  // As the real worker supplies the module: it is no package.
  Module.prototype.require = Object.assign(function require(this: InstanceType<typeof Module>, id: string) {
    return id === '@azure/functions-core' ? core : original.call(this, id);
  }, original);
  try {
    const files = readdirSync(directory).filter((name) => name.endsWith('.ts'));
    await Promise.all(files.map((file) => import(join(directory, file))));
  } finally {
    Module.prototype.require = original;
  }
  return registered.flatMap(toRoutes);
}

function toRoutes({ name, bindings }: FunctionMetadata): readonly RegisteredRoute[] {
  const trigger = Object.values(bindings).find(({ type }) => type === 'httpTrigger');
  if (trigger === undefined) return [];
  const methods = trigger['methods'];
  if (!Array.isArray(methods)) throw new Error(`${name} names no methods`);
  return methods.map((method) => ({
    name,
    method: String(method).toLowerCase(),
    path: `/${trigger['route'] ?? name}`,
  }));
}
