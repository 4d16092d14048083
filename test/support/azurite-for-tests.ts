import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connection string of the Azurite that runs for this test run. */
    storageConnectionString: string;
  }
}

// Azurite's published development account; it opens nothing else.
const accountName = 'devstoreaccount1';
const accountKey = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const startDeadlineMs = 180_000;

/** An emulated storage account in memory on free ports of this machine. */
export interface Azurite {
  readonly connectionString: string;
  stop(): Promise<void>;
}

/** vitest's global set-up: one Azurite for the whole run, provided as `storageConnectionString`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const azurite = await startAzurite();
  project.provide('storageConnectionString', azurite.connectionString);
  return azurite.stop;
}

/** Starts Azurite and waits until all three services listen; its output is in the error when it does not get there. */
export async function startAzurite(): Promise<Azurite> {
  const child = spawn(process.execPath, [locateAzurite(), ...azuriteArguments()], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const stop = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGTERM');
    await exited;
  };
  try {
    const ports = await readPorts(child);
    return { connectionString: makeConnectionString(ports), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Ports {
  readonly blob: string;
  readonly queue: string;
  readonly table: string;
}

/** Connection string of the development account at the given ports. */
export function makeConnectionString(ports: Ports): string {
  const endpoint = (port: string) => `http://127.0.0.1:${port}/${accountName}`;
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${accountName}`,
    `AccountKey=${accountKey}`,
    `BlobEndpoint=${endpoint(ports.blob)}`,
    `QueueEndpoint=${endpoint(ports.queue)}`,
    `TableEndpoint=${endpoint(ports.table)}`,
  ].join(';');
}

function locateAzurite(): string {
  const require = createRequire(import.meta.url);
  const manifest: { bin: Record<string, string> } = require('azurite/package.json');
  return require.resolve(`azurite/${manifest.bin['azurite']}`);
}

function azuriteArguments(): string[] {
  const services = ['blob', 'queue', 'table'].flatMap((name) => [`--${name}Host`, '127.0.0.1', `--${name}Port`, '0']);
  const quiet = ['--silent', '--disableTelemetry', '--skipApiVersionCheck'];
  return ['--inMemoryPersistence', ...quiet, ...services];
}

function readPorts(child: ChildProcess): Promise<Ports> {
  let output = '';
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(deadline);
      reject(new Error(`Azurite ${why}:\n${output}`));
    };
    const deadline = setTimeout(() => fail('was not ready in time'), startDeadlineMs);
    child.once('exit', (code) => fail(`ended with ${code}`));
    child.once('error', (error) => fail(error.message));
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const find = (service: string) =>
        new RegExp(`${service} service is successfully listening at http://127\\.0\\.0\\.1:(\\d+)`).exec(output)?.[1];
      const [blob, queue, table] = [find('Blob'), find('Queue'), find('Table')];
      if (blob === undefined || queue === undefined || table === undefined) return;
      clearTimeout(deadline);
      resolve({ blob, queue, table });
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
  });
}
