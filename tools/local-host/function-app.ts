import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { glob } from 'tinyglobby';
import {
  type Binding,
  type CoreModule,
  type FunctionCallback,
  type FunctionMetadata,
  type HookCallback,
  type HookName,
  type LogCategory,
  type LogLevel,
  type ProgrammingModel,
  supplyCoreModule,
} from './core-module.ts';
import { HostError } from './host-error.ts';
import type { HostLog } from './host-log.ts';

/** One registered function with its trigger picked out. */
export interface RegisteredFunction {
  name: string;
  metadata: FunctionMetadata;
  triggerName: string;
  trigger: Binding;
  callback: FunctionCallback;
}

const hookNames: readonly HookName[] = ['appStart', 'appTerminate', 'preInvocation', 'postInvocation', 'log'];

/** The app as it registered itself: functions, hooks, programming model. One per process. */
export class FunctionApp {
  readonly functions = new Map<string, RegisteredFunction>();
  readonly appHookData: Record<string, unknown> = {};
  readonly #hooks = new Map<string, Set<HookCallback>>(hookNames.map((name) => [name, new Set()]));
  readonly #log: HostLog;
  #model: ProgrammingModel | undefined;
  #capabilities: Record<string, string> = {};

  constructor(log: HostLog) {
    this.#log = log;
  }

  /** The model that the app's library set; there is none before `load`. */
  get model(): ProgrammingModel {
    if (this.#model === undefined)
      throw new HostError('The app did not import @azure/functions: no programming model.');
    return this.#model;
  }

  /** The library's own HTTP server when the app streams; undefined when it does not. */
  get streamingUrl(): string | undefined {
    return this.#capabilities['HttpUri'];
  }

  /** Imports what `main` of package.json names, runs the appStart hooks and asks for capabilities. */
  async load(root: string): Promise<void> {
    supplyCoreModule(this.#createCoreModule());
    for (const file of await findEntryFiles(root)) {
      this.#log.detail(`Loading ${file}`);
      await import(pathToFileURL(file).href);
    }
    const model = this.model;
    await this.runHooks('appStart', { functionAppDirectory: root });
    this.#capabilities = await model.getCapabilities({});
    if (this.functions.size === 0) this.#log.warn('The app registered no function.');
  }

  /** Runs the hooks of one name in the order of registration; the first that throws stops the rest. */
  async runHooks(name: HookName, context: Record<string, unknown>): Promise<void> {
    const shared = { hookData: {}, appHookData: this.appHookData };
    // Object.assign would copy getters away: the caller's object itself is what hooks read and write.
    for (const [key, value] of Object.entries(shared)) {
      if (!(key in context)) context[key] = value;
    }
    for (const hook of this.#hooks.get(name) ?? []) await hook(context);
  }

  /** Sends a line of the app through its log hooks, which may change it, to the console. */
  writeLog(line: { level: LogLevel; category: LogCategory; message: string }, source: string, context?: unknown): void {
    const entry = { ...line, invocationContext: context, hookData: {}, appHookData: this.appHookData };
    for (const hook of this.#hooks.get('log') ?? []) hook(entry);
    if (entry.category === 'user') this.#log.app(entry.level, source, entry.message);
    else this.#log.detail(`${source}: ${entry.message}`);
  }

  #createCoreModule(): CoreModule {
    return {
      version: '3.13.0',
      hostVersion: '4.1048.0',
      setProgrammingModel: (model) => {
        this.#model = model;
      },
      getProgrammingModel: () => this.#model,
      registerHook: (name, callback) => this.#registerHook(name, callback),
      registerFunction: (metadata, callback) => this.#registerFunction(metadata, callback),
      log: (level, category, message) => this.writeLog({ level, category, message }, 'app'),
    };
  }

  #registerHook(name: string, callback: HookCallback): { dispose(): void } {
    const hooks = this.#hooks.get(name);
    if (hooks === undefined) {
      throw Object.assign(new RangeError(`Unrecognized hook "${name}"`), { isAzureFunctionsSystemError: true });
    }
    hooks.add(callback);
    return { dispose: () => hooks.delete(callback) };
  }

  #registerFunction(metadata: FunctionMetadata, callback: FunctionCallback): { dispose(): void } {
    const { name } = metadata;
    if (this.functions.has(name)) throw new HostError(`A function named ${name} is registered twice.`);
    const found = Object.entries(metadata.bindings).find(([, binding]) => /trigger$/i.test(binding.type));
    if (found === undefined) throw new HostError(`Function ${name} has no trigger.`);
    const [triggerName, trigger] = found;
    this.functions.set(name, { name, metadata, triggerName, trigger, callback });
    return { dispose: () => this.functions.delete(name) };
  }
}

async function findEntryFiles(root: string): Promise<string[]> {
  const manifest = await readFile(join(root, 'package.json'), 'utf8').catch(() => {
    throw new HostError(`No package.json in ${root}: is this a function app? Use --root.`);
  });
  const parsed: unknown = JSON.parse(manifest);
  const main = typeof parsed === 'object' && parsed !== null && 'main' in parsed ? parsed.main : undefined;
  if (typeof main !== 'string') throw new HostError(`package.json in ${root} names no "main".`);
  const files = await glob(main.replace(/^\.\//, ''), { cwd: root, absolute: true, dot: true });
  if (files.length === 0) throw new HostError(`No file matches "main": "${main}" in ${root}. Is the app built?`);
  return files.sort();
}
