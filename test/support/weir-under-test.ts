import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ContainerClient } from '@azure/storage-blob';
import { build } from '../../tools/build.ts';
import type { Child } from '../../tools/start/child.ts';
import { reservePort } from '../../tools/start/listening-port.ts';
import { mergeTeamKeys, rewriteEndpoints } from '../../tools/start/local-config.ts';
import { startAzurite } from '../../tools/start/start-azurite.ts';
import { startHost } from '../../tools/start/start-host.ts';
import { startSimulator } from '../../tools/start/start-simulator.ts';
import { waitUntilHealthy } from '../../tools/start/wait-until-healthy.ts';
import { readPackageUnderTest } from './package-under-test.ts';

const root = join(import.meta.dirname, '../..');

/** How long a test waits for what must come: far longer than a machine with other work needs. Waiting costs nothing when it succeeds. */
const patienceMs = 240_000;

export type JsonObject = Record<string, unknown>;

export interface WeirOptions {
  /** Changes the configuration before it is written; gets a copy of weir.config.json. */
  readonly configure?: (config: JsonObject) => JsonObject;
  /** Settings of the app beside the usual ones: what the test is about. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Settings that only spare the test a wait. A package runs with those of production and takes its time. */
  readonly hastened?: Readonly<Record<string, string>>;
  /** Makes another connection string of the storage's for the host, e.g. through a proxy. */
  readonly rewireStorage?: (connectionString: string) => Promise<string>;
  /** Makes another address of the simulator's for the configuration, e.g. through a proxy. */
  readonly rewireSimulator?: (url: string) => Promise<string>;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came and asserts on it
  readonly body: any;
}

/** The running system as a user sees it: real processes, free ports, data of its own, gone after `stop`. */
export class WeirUnderTest {
  readonly keys: Record<string, string> = {
    search: 'key-of-search',
    support: 'key-of-support',
    platform: 'key-of-platform',
  };
  readonly folder = mkdtempSync(join(tmpdir(), 'weir-e2e-'));
  /** What the host wrote, for tests that look for what must (not) be there. */
  readonly hostLines: string[] = [];
  baseUrl = '';
  simulatorUrl = '';
  storageConnectionString = '';
  #host: Child | undefined;
  #others: Child[] = [];
  #port = 0;
  #environment: Readonly<Record<string, string | undefined>> = {};
  readonly #package = readPackageUnderTest();
  readonly #configFile = join(this.folder, 'config.json');
  readonly #keysFile = join(this.folder, 'keys.json');
  #upstreamUrl = '';
  #storageProcessId = 0;

  static async start(options: WeirOptions = {}): Promise<WeirUnderTest> {
    const weir = new WeirUnderTest();
    try {
      await weir.#start(options);
    } catch (error) {
      await weir.stop();
      throw error;
    }
    return weir;
  }

  async #start(options: WeirOptions): Promise<void> {
    mkdirSync(join(this.folder, 'azurite'));
    const original: JsonObject = JSON.parse(readFileSync(join(root, 'weir.config.json'), 'utf8'));
    const config = options.configure?.(structuredClone(original)) ?? original;
    writeFileSync(this.#configFile, JSON.stringify(config));
    const [storage, simulator] = await Promise.all([
      startAzurite(this.folder, (child) => this.#others.push(child)),
      startSimulator(root, this.#configFile, (child) => this.#others.push(child)),
      build(),
    ]);
    this.simulatorUrl = simulator.url;
    this.#upstreamUrl = (await options.rewireSimulator?.(simulator.url)) ?? simulator.url;
    this.storageConnectionString = storage.connectionString;
    this.#storageProcessId = storage.child.pid;
    await this.writeConfig(config);
    const rewired = await options.rewireStorage?.(storage.connectionString);
    this.#environment = {
      ...(this.#package === null ? this.#describeSources(options.hastened) : this.#describePackage()),
      AzureWebJobsStorage: rewired ?? storage.connectionString,
      WEIR_LOCAL_KEY: 'any-key-will-do',
      WEIR_HOST: 'local',
      ...options.environment,
    };
    this.#port = await reservePort(0);
    this.baseUrl = `http://127.0.0.1:${this.#port}`;
    await this.startHost();
  }

  #describeSources(hastened: WeirOptions['hastened']): Readonly<Record<string, string | undefined>> {
    return {
      ...process.env,
      WEIR_CONFIG: this.#configFile,
      WEIR_KEYS: this.#keysFile,
      AzureWebJobsDisableHomepage: 'true',
      WEIR_SWEEP_SCHEDULE: '*/2 * * * * *',
      // Long enough for a heartbeat on a machine that stands still for seconds: a live worker is not taken over.
      WEIR_LEASE_SECONDS: '20',
      ...hastened,
    };
  }

  // Nothing of this process's environment: what production does not set must not be needed.
  #describePackage(): Readonly<Record<string, string | undefined>> {
    const { PATH, HOME } = process.env;
    return { PATH, HOME, ...this.#package?.settings };
  }

  /** Puts a configuration in force: simulated endpoints and team keys are filled in as `npm start` does. */
  async writeConfig(config: JsonObject): Promise<void> {
    const rewritten = rewriteEndpoints(config, this.#upstreamUrl).config;
    delete rewritten['$schema'];
    const text = JSON.stringify(mergeTeamKeys(rewritten, this.keys));
    writeFileSync(this.#configFile, text);
    if (this.#package === null) return;
    const container = new ContainerClient(this.storageConnectionString, 'config');
    await container.createIfNotExists();
    await container.getBlockBlobClient('weir.config.json').upload(text, Buffer.byteLength(text));
  }

  /** What `weir keys` is told to reach the keys that the app reads. */
  get keysPlace(): { readonly options: readonly string[]; readonly environment: Readonly<Record<string, string>> } {
    if (this.#package === null) return { options: ['--file', this.#keysFile], environment: {} };
    return {
      options: ['--blob', 'config/weir.keys.json'],
      environment: { AzureWebJobsStorage: this.storageConnectionString },
    };
  }

  /** Process id of the storage emulator. */
  get storageProcessId(): number {
    return this.#storageProcessId;
  }

  async startHost(): Promise<void> {
    this.#host = await this.startAnotherHost(this.#port, (line) => this.hostLines.push(line));
  }

  /** One more host of the same app, over the same storage; healthy when it is returned. */
  async startAnotherHost(port: number, onLine: (line: string) => void = () => {}): Promise<Child> {
    const host = await this.#launch({ port, onLine });
    await waitUntilHealthy(`http://127.0.0.1:${port}`, host, patienceMs, new AbortController().signal);
    return host;
  }

  /** Starts another process of the app over the same storage, on a port of its own; `stop` ends it too. It may not listen yet. */
  async startWorker(options: {
    readonly environment: Readonly<Record<string, string>>;
    /** Another build of the app; the one under test when absent. */
    readonly appFolder?: string;
  }): Promise<Child & { readonly port: number }> {
    const port = await reservePort(0);
    const worker = await this.#launch({ ...options, port, onLine: (line) => this.hostLines.push(line) });
    this.#others.push(worker);
    return Object.assign(worker, { port });
  }

  #launch(host: {
    readonly port: number;
    readonly onLine: (line: string) => void;
    readonly environment?: Readonly<Record<string, string>>;
    readonly appFolder?: string;
  }): Promise<Child> {
    return startHost({
      root,
      appFolder: host.appFolder ?? this.#package?.appFolder,
      port: host.port,
      environment: { ...this.#environment, ...host.environment },
      onLine: host.onLine,
    });
  }

  /** Kills the host as a crash would. */
  async killHost(): Promise<void> {
    this.#host?.kill();
    await this.#host?.ended;
  }

  /** Stops the host as the platform does: drain, then exit. */
  async stopHost(): Promise<void> {
    await this.#host?.stop(40_000);
  }

  async stop(): Promise<void> {
    await this.#host?.stop(40_000);
    for (const child of this.#others.reverse()) await child.stop(10_000);
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** One HTTP request as a team; the body is sent as JSON unless it is text. */
  async request(
    method: string,
    path: string,
    options: { team?: string; body?: unknown; headers?: Record<string, string>; withinMs?: number } = {},
  ): Promise<HttpAnswer> {
    const key = this.keys[options.team ?? 'search'];
    const isRaw = typeof options.body === 'string' || options.body === undefined;
    const body = isRaw ? (options.body as string | undefined) : JSON.stringify(options.body);
    const response = await fetch(`${this.baseUrl}${path}`, {
      method,
      headers: {
        ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(options.withinMs ?? 120_000),
    });
    const text = await response.text();
    return { status: response.status, headers: response.headers, body: text === '' ? null : JSON.parse(text) };
  }

  /**
   * The same, as a patient client asks: again and again while storage is said to be away, which on a machine that stands still for
   * seconds it may be. For requests that may be repeated: what submits has an idempotency key.
   */
  async insist(...asked: Parameters<WeirUnderTest['request']>): Promise<HttpAnswer> {
    const untilMs = Date.now() + patienceMs;
    for (;;) {
      const answer = await this.request(...asked);
      if (answer.status !== 503 || Date.now() > untilMs) return answer;
      const seconds = Number(answer.headers.get('retry-after') ?? 1);
      await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    }
  }

  /** Submits a short chat job, under a key of its own where none is given, and fails when it is not accepted. */
  async submit(
    fields: JsonObject = {},
    options: { team?: string; headers?: Record<string, string> } = {},
  ): Promise<JsonObject> {
    const headers = { 'idempotency-key': randomUUID(), ...options.headers };
    const body = { ...chatJob('Say hello.'), ...fields };
    const answer = await this.insist('POST', '/jobs', { ...options, headers, body });
    if (answer.status !== 202) throw new Error(`Not accepted: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }

  /** Polls until the job is terminal. */
  // biome-ignore lint/suspicious/noExplicitAny: a test reads whatever JSON came and asserts on it
  async waitForEnd(id: string, options: { team?: string; withinMs?: number } = {}): Promise<any> {
    const untilMs = Date.now() + (options.withinMs ?? patienceMs);
    for (;;) {
      const { status, body } = await this.request('GET', `/jobs/${id}?wait=10`, { team: options.team ?? 'search' });
      if (status === 200 && !['queued', 'running'].includes(body.status)) return body;
      if (Date.now() > untilMs) throw new Error(`Not terminal in time: ${status} ${JSON.stringify(body)}`);
    }
  }

  /** Scripts a fault of a simulated region. */
  async fault(script: JsonObject): Promise<void> {
    const response = await fetch(`${this.simulatorUrl}/_sim/faults`, { method: 'POST', body: JSON.stringify(script) });
    if (!response.ok) throw new Error(`Fault refused: ${await response.text()}`);
  }

  async clearFaults(): Promise<void> {
    await fetch(`${this.simulatorUrl}/_sim/faults`, { method: 'DELETE' });
  }
}

/** The body of a chat job. */
export function chatJob(prompt: string, more: JsonObject = {}): JsonObject {
  return {
    endpoint: '/v1/chat/completions',
    body: { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: prompt }], max_tokens: 50, ...more },
  };
}

/** Waits until a condition holds; fails with what it was after the deadline. */
export async function waitFor(
  what: string,
  holds: () => Promise<boolean> | boolean,
  withinMs = patienceMs,
): Promise<void> {
  const untilMs = Date.now() + withinMs;
  while (!(await holds())) {
    if (Date.now() > untilMs) throw new Error(`Not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
