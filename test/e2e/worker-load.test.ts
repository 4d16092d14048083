import { execFile } from 'node:child_process';
import { copyFileSync, cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { build } from '../../tools/build.ts';
import { type Azurite, startAzurite } from '../support/azurite-for-tests.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'weir-package-'));
let azurite: Azurite;

beforeAll(async () => {
  const [storage] = await Promise.all([startAzurite(), build({ outputDirectory: join(folder, 'dist'), clean: true })]);
  azurite = storage;
  for (const name of ['host.json', 'package.json']) copyFileSync(join(root, name), join(folder, name));
  cpSync(join(root, 'weir.config.json'), join(folder, 'weir.config.json'));
});

afterAll(async () => {
  await azurite.stop();
  rmSync(folder, { recursive: true, force: true });
});

test('the package alone, without node_modules, loads as the Node worker loads it and answers', async () => {
  const worker = join(root, 'test/support/functions-worker.cjs');
  const { stdout } = await promisify(execFile)(process.execPath, [worker, folder, 'health'], {
    // Nothing of this machine's settings, and no folder from which a package could be found.
    env: { AzureWebJobsStorage: azurite.connectionString, WEIR_LOCAL_KEY: 'any', NODE_ENV: 'production' },
    cwd: folder,
  });
  const report = JSON.parse(stdout.trim().split('\n').at(-1) ?? '');
  expect(report.model).toBe('@azure/functions');
  expect(report.names).toEqual(registeredNames());
  expect(report.hooks).toEqual(['appStart', 'appTerminate']);
  expect(report.answer).toMatchObject({ status: 200 });
});

/** Names under which the sources register functions: one trigger per file. */
function registeredNames(): string[] {
  const files = readdirSync(join(root, 'src/functions')).filter((name) => name.endsWith('.ts'));
  const names = files.flatMap((file) => {
    const source = readFileSync(join(root, 'src/functions', file), 'utf8');
    return [...source.matchAll(/app\.(?:http|timer|storageQueue)\('([^']+)'/g)].map((match) => match[1] ?? '');
  });
  expect(names).toHaveLength(files.length);
  return names.sort();
}
