import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SimulatorReport } from '../../../tools/simulator/report.ts';
import { Child, nodeCommand } from '../../../tools/start/child.ts';
import { rewriteEndpoints } from '../../../tools/start/local-config.ts';
import { startAzurite } from '../../../tools/start/start-azurite.ts';
import { startSimulator } from '../../../tools/start/start-simulator.ts';

const root = join(import.meta.dirname, '../../..');
const patienceMs = 60_000;

export const model = 'gpt-4.1-mini';
export const team = 'apps';
export const tokensPerMinute = 100_000;
const regions = ['eastus', 'westeurope', 'eastasia'];
export const poolTokensPerMinute = tokensPerMinute * regions.length;

/** Storage emulator, simulated service and worker processes of one real run; everything that was started ends with `stop`. */
export class Stage {
  readonly #folder = mkdtempSync(join(tmpdir(), 'weir-bench-'));
  readonly #configFile = join(this.#folder, 'config.json');
  readonly #servers: Child[] = [];
  readonly #workers: Child[] = [];
  readonly #operations = new Map<Child, number>();
  readonly failures: string[] = [];
  #simulatorUrl = '';

  /** Starts the servers and sets the environment in which this process and the workers run the gateway. */
  async start(): Promise<void> {
    mkdirSync(join(this.#folder, 'azurite'));
    writeFileSync(this.#configFile, JSON.stringify(makeConfig()));
    const storage = await startAzurite(this.#folder, (child) => this.#servers.push(child));
    const simulator = await startSimulator(root, this.#configFile, (child) => this.#servers.push(child));
    this.#simulatorUrl = simulator.url;
    writeFileSync(this.#configFile, JSON.stringify(rewriteEndpoints(makeConfig(), simulator.url).config));
    Object.assign(process.env, {
      AzureWebJobsStorage: storage.connectionString,
      WEIR_CONFIG: this.#configFile,
      WEIR_LOCAL_KEY: 'any',
      WEIR_LEASE_SECONDS: '15',
      WEIR_LOG_LEVEL: 'error',
    });
  }

  async addWorkers(count: number): Promise<void> {
    await Promise.all(Array.from({ length: count }, () => this.#addWorker()));
  }

  async #addWorker(): Promise<void> {
    const worker: { child?: Child } = {};
    worker.child = await Child.start({
      name: 'worker',
      ...nodeCommand(join(import.meta.dirname, 'worker.ts'), []),
      environment: process.env,
      folder: root,
      onLine: (line) => {
        const told = /^operations (\d+)$/.exec(line);
        if (told !== null && worker.child !== undefined) this.#operations.set(worker.child, Number(told[1]));
        if (line.startsWith('failed')) this.failures.push(line);
      },
    });
    this.#workers.push(worker.child);
    if ((await worker.child.waitForLine(/^worker ready$/)) === undefined) throw new Error(worker.child.describeEnd());
  }

  /** Ends workers as a crash does. */
  killWorkers(count: number): void {
    for (const worker of this.#alive.slice(0, count)) worker.kill();
  }

  /** Ends workers as the platform does: they drain. */
  async removeWorkers(count: number): Promise<void> {
    await Promise.all(this.#alive.slice(0, count).map((worker) => worker.stop(patienceMs)));
  }

  get #alive(): Child[] {
    return this.#workers.filter(({ hasEnded }) => !hasEnded);
  }

  /** Requests to the ledger's table so far, by every worker that ever ran. */
  get operations(): number {
    return [...this.#operations.values()].reduce((sum, count) => sum + count, 0);
  }

  async report(): Promise<SimulatorReport> {
    const answer = await fetch(`${this.#simulatorUrl}/_sim/report`);
    return (await answer.json()) as SimulatorReport;
  }

  async stop(): Promise<void> {
    await this.removeWorkers(this.#alive.length);
    await Promise.all(this.#servers.map((server) => server.stop(5000)));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function makeConfig() {
  const deployments = regions.map((region) => ({
    name: region,
    region,
    endpoint: `http://127.0.0.1:7072/${region}`,
    deployment: model,
    sku: 'GlobalStandard',
    priority: 1,
    tokensPerMinute,
    requestsPerMinute: 600,
    requestWindowSeconds: 10,
    apiKeySetting: 'WEIR_LOCAL_KEY',
  }));
  return {
    pools: [{ model, price: model, deployments }],
    teams: [
      {
        id: team,
        keys: [],
        role: 'team',
        models: [model],
        maxQueuedJobs: 5000,
        budget: { monthlyUsd: '1000.00', hard: true },
      },
    ],
    limits: { maxQueuedJobs: 5000 },
  };
}
