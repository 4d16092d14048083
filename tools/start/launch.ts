import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from '../build.ts';
import type { Child } from './child.ts';
import { ConfigSource, type PreparedConfig } from './config-source.ts';
import { describeRun } from './describe-run.ts';
import { LaunchError } from './launch-error.ts';
import type { LaunchOptions } from './launch-options.ts';
import { LaunchState, type RunFile } from './launch-state.ts';
import { reservePort } from './listening-port.ts';
import { identifyProcess } from './process-identity.ts';
import { startAzurite } from './start-azurite.ts';
import { hostGraceSeconds, startHost } from './start-host.ts';
import { startSimulator } from './start-simulator.ts';
import { takeOver } from './take-over.ts';
import { waitUntilHealthy } from './wait-until-healthy.ts';

const healthLimitMs = 60_000;

type Role = 'host' | 'simulator' | 'azurite';

// The host first: what it still has to do needs the other two. Storage last: it loses what it had no time to write.
const stopOrder: readonly { role: Role; boundMs: number }[] = [
  { role: 'host', boundMs: (hostGraceSeconds + 5) * 1000 },
  { role: 'simulator', boundMs: 5000 },
  { role: 'azurite', boundMs: 10_000 },
];

// npm changes to the root of the package; a file was named from where the command was typed.
function findAsTyped(file: string): string {
  const typedIn = process.env['INIT_CWD'];
  const candidate = typedIn === undefined ? file : resolve(typedIn, file);
  return existsSync(candidate) ? candidate : file;
}

/** One start of Weir: its children, its files, its end. */
export class Launch {
  readonly #root: string;
  readonly #options: LaunchOptions;
  readonly #environment: Record<string, string | undefined>;
  readonly #say: (line: string) => void;
  readonly #state: LaunchState;
  readonly #children = new Map<Role, Child>();
  readonly #abort = new AbortController();
  #baseUrl = '';
  #unwatch = () => {};
  #claimed = false;
  #stopping: Promise<void> | undefined;

  constructor(root: string, options: LaunchOptions, say: (line: string) => void) {
    this.#root = root;
    this.#options = options;
    this.#environment = process.env;
    this.#say = say;
    this.#state = new LaunchState(root);
  }

  /**
   * Starts everything and resolves when Weir is healthy; then `run.json` is there. Throws a LaunchError when that cannot
   * be; `stop` must be called in any case.
   */
  async start(): Promise<void> {
    const startedAt = performance.now();
    const source = this.#openConfig();
    const port = await this.#claim();
    const [storage, simulatorUrl] = await Promise.all([
      this.#startStorage(),
      this.#startSimulator(source?.file ?? join(this.#root, 'weir.config.json')),
      this.#build(),
    ]);
    this.#abort.signal.throwIfAborted();

    const prepared = source?.prepare(simulatorUrl) ?? this.#passConfigThrough();
    const host = await startHost({
      root: this.#root,
      port,
      environment: {
        // Any value will do for the simulator; a real key in the launcher's environment stays what it is.
        WEIR_LOCAL_KEY: randomBytes(24).toString('base64url'),
        ...this.#environment,
        AzureWebJobsStorage: storage,
        WEIR_CONFIG: prepared.setting,
      },
      onLine: (line) => this.#showHostLine(line),
      showsLines: !this.#options.quietHost,
    });
    this.#add('host', host);
    await waitUntilHealthy(this.#baseUrl, host, healthLimitMs, this.#abort.signal);

    const run = this.#describe(storage, simulatorUrl, prepared);
    this.#state.saveRun(run);
    if (source !== undefined) this.#unwatch = source.watch(() => this.#reload(source, run));
    this.#say(describeRun(run, prepared.config, performance.now() - startedAt));
  }

  /** Resolves with the child that ends although nobody asked it to. */
  async whenChildEnds(): Promise<Child> {
    const first = await Promise.race([...this.#children.values()].map((child) => child.ended.then(() => child)));
    if (this.#stopping !== undefined) await new Promise(() => {});
    return first;
  }

  /** Stops the children in order, each within its bound, and removes the files. Later calls wait for the first. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stopAll();
    return this.#stopping;
  }

  /** Cuts a stop short: kills the host and the simulator; storage still gets to write its data. */
  hurry(): void {
    this.#children.get('host')?.kill();
    this.#children.get('simulator')?.kill();
  }

  async #stopAll(): Promise<void> {
    this.#abort.abort(new LaunchError('Stopped while starting.'));
    this.#unwatch();
    if (this.#claimed) this.#state.removeRun();
    for (const { role, boundMs } of stopOrder) await this.#children.get(role)?.stop(boundMs);
    if (this.#claimed) this.#state.removeRecord();
  }

  async #claim(): Promise<number> {
    const { port: wanted } = this.#options;
    this.#baseUrl = `http://127.0.0.1:${wanted}`;
    // Before the port is looked at: what a dead launcher left behind may still hold it.
    await takeOver(this.#state, this.#record(), this.#say);
    this.#claimed = true;
    const port = await reservePort(wanted);
    this.#baseUrl = `http://127.0.0.1:${port}`;
    this.#state.saveRecord(this.#record());
    return port;
  }

  #record() {
    const launcher = identifyProcess(process.pid) ?? { pid: process.pid, startedAt: '' };
    const children = [...this.#children.values()].flatMap((child) => {
      const identity = identifyProcess(child.pid);
      return identity === undefined ? [] : [{ name: child.name, ...identity }];
    });
    return { baseUrl: this.#baseUrl, launcher, children };
  }

  #add(role: Role, child: Child): void {
    this.#children.set(role, child);
    this.#state.saveRecord(this.#record());
    // Nothing is to be started any more: what came late ends with the rest.
    if (this.#stopping !== undefined) child.kill();
  }

  #openConfig(): ConfigSource | undefined {
    const { configFile } = this.#options;
    const folder = this.#state.folder;
    const fromEnvironment = this.#environment['WEIR_CONFIG'];
    if (configFile !== undefined) return new ConfigSource({ file: findAsTyped(configFile), mergeKeys: false, folder });
    if (fromEnvironment === undefined || fromEnvironment === '') {
      return new ConfigSource({ file: join(this.#root, 'weir.config.json'), mergeKeys: true, folder });
    }
    if (!existsSync(fromEnvironment)) return undefined;
    return new ConfigSource({ file: fromEnvironment, mergeKeys: false, folder });
  }

  // WEIR_CONFIG in the launcher's environment that is no file: inline JSON or a blob, which only the app can read.
  #passConfigThrough(): PreparedConfig {
    return { setting: this.#environment['WEIR_CONFIG'] ?? '', keys: {}, config: {} };
  }

  async #startStorage(): Promise<string> {
    const given = this.#environment['AzureWebJobsStorage'];
    if (given !== undefined && given !== '') return given;
    const started = await startAzurite(this.#state.folder, (child) => this.#add('azurite', child));
    return started.connectionString;
  }

  async #startSimulator(configFile: string): Promise<string | null> {
    if (!this.#options.simulator) return null;
    const started = await startSimulator(this.#root, configFile, (child) => this.#add('simulator', child));
    return started.url;
  }

  async #build(): Promise<void> {
    try {
      const outcome = await build();
      if (outcome.built) this.#say(`Built in ${Math.round(outcome.durationMs)} ms`);
    } catch (error) {
      throw new LaunchError(`The build failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #describe(storage: string, simulatorUrl: string | null, prepared: PreparedConfig): RunFile {
    const pidOf = (role: Role) => this.#children.get(role)?.pid ?? null;
    return {
      baseUrl: this.#baseUrl,
      keys: prepared.keys,
      simulatorUrl,
      storageConnectionString: storage,
      configSetting: prepared.setting,
      pids: { launcher: process.pid, host: pidOf('host'), azurite: pidOf('azurite'), simulator: pidOf('simulator') },
      startedAt: new Date().toISOString(),
    };
  }

  #reload(source: ConfigSource, run: RunFile): void {
    try {
      const prepared = source.prepare(run.simulatorUrl);
      this.#state.saveRun({ ...run, keys: prepared.keys });
      this.#say(`${source.name} changed: the app reads it anew.`);
    } catch (error) {
      this.#say(`The configuration stays as it was: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #showHostLine(line: string): void {
    if (!this.#options.quietHost) this.#say(line);
  }
}
