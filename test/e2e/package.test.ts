import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { BlobServiceClient } from '@azure/storage-blob';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readLocalProductionSettings } from '../../tools/infra/written-settings.ts';
import { type MadePackage, makePackage } from '../../tools/package.ts';
import { readZip } from '../../tools/read-zip.ts';
import { Child, nodeCommand } from '../../tools/start/child.ts';
import { reservePort } from '../../tools/start/listening-port.ts';
import { rewriteEndpoints } from '../../tools/start/local-config.ts';
import { startAzurite } from '../../tools/start/start-azurite.ts';
import { startSimulator } from '../../tools/start/start-simulator.ts';
import { waitUntilHealthy } from '../../tools/start/wait-until-healthy.ts';
import { ResourceManager } from '../../tools/weir/azure/resource-manager.ts';
import { runDoctorCommand } from '../../tools/weir/doctor-command.ts';
import { runKeysCommand } from '../../tools/weir/keys-command.ts';
import { chatJob, type HttpAnswer, type JsonObject, waitFor } from '../support/weir-under-test.ts';

const root = join(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'weir-package-'));
const app = join(folder, 'app');
// As deep in the repository as `npm run package` builds: paths in the source maps give the chunks their names.
const buildDirectory = join(root, '.weir', `package-${process.pid}`, 'dist');
const children: Child[] = [];
const hostLines: string[] = [];
let made: MadePackage;
let connectionString: string;
let baseUrl: string;
let config: JsonObject;
let settings: Readonly<Record<string, string>>;

beforeAll(async () => {
  mkdirSync(join(folder, 'azurite'));
  made = await makePackage({ outputFile: join(folder, 'weir.zip'), buildDirectory, unpackedDirectory: app });
  const [storage, simulator, written] = await Promise.all([
    startAzurite(folder, (child) => children.push(child)),
    startSimulator(root, join(root, 'weir.config.json'), (child) => children.push(child)),
    readLocalProductionSettings(),
  ]);
  settings = written;
  connectionString = storage.connectionString;
  config = rewriteEndpoints(JSON.parse(readFileSync(join(root, 'weir.config.json'), 'utf8')), simulator.url).config;
  const container = BlobServiceClient.fromConnectionString(connectionString).getContainerClient('config');
  await container.create();
  const text = JSON.stringify(config);
  await container.getBlockBlobClient('weir.config.json').upload(text, Buffer.byteLength(text));
  await startApp();
});

afterAll(async () => {
  for (const child of children.reverse()) await child.stop(40_000);
  rmSync(folder, { recursive: true, force: true });
  rmSync(join(buildDirectory, '..'), { recursive: true, force: true });
});

/** Starts the unpacked app with the settings that the templates write, but for storage and the sign-in to it. */
async function startApp(): Promise<void> {
  const port = await reservePort(0);
  baseUrl = `http://127.0.0.1:${port}`;
  const { PATH, HOME } = process.env;
  const host = await Child.start({
    name: 'host',
    ...nodeCommand(join(root, 'tools/local-host/main.ts'), ['--root', app, '--port', String(port)]),
    environment: {
      PATH,
      HOME,
      ...settings,
      AzureWebJobsStorage: connectionString,
      WEIR_LOCAL_KEY: 'any-key-will-do',
    },
    folder: app,
    onLine: (line) => hostLines.push(line),
  });
  children.push(host);
  await waitUntilHealthy(baseUrl, host, 240_000, new AbortController().signal);
}

const context = () => ({ environment: { AzureWebJobsStorage: connectionString }, now: () => new Date() });
const runKeys = (line: string) => runKeysCommand([...line.split(' '), '--blob', 'config/weir.keys.json'], context());

async function ask(method: string, path: string, key: string, body?: unknown): Promise<HttpAnswer> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await fetch(baseUrl + path, { method, headers: { 'api-key': key }, ...sent });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

describe('the package', () => {
  test('holds the bundle, host.json and a manifest that installs nothing, in less than 10 MB', () => {
    const entries = readZip(readFileSync(made.path));
    expect(entries.map(({ path }) => path)).toEqual(made.entries);
    const beside = made.entries.filter((path) => !/^dist\/(index\.mjs|chunks\/)/.test(path));
    expect(beside).toEqual(['host.json', 'package.json']);
    expect(made.entries.filter((path) => /\.(map|ts|env)$|settings|node_modules|config/.test(path))).toEqual([]);
    expect(made.bytes).toBeLessThan(10 * 1024 * 1024);
  });

  test('lies unpacked beside its zip, file for file: a tool that packs the folder packs the same', () => {
    const entries = readZip(readFileSync(made.path));
    const files = readdirSync(app, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map((entry) => relative(app, join(entry.parentPath, entry.name)));
    expect(paths.sort()).toEqual(entries.map(({ path }) => path).sort());
    for (const { path, contents } of entries) expect(readFileSync(join(app, path)).equals(contents), path).toBe(true);
  });

  test('tells nothing of the machine that made it', () => {
    for (const { path, contents } of readZip(readFileSync(made.path))) {
      expect([path, contents.includes(root)]).toEqual([path, false]);
    }
  });

  test('made again, is the same to the byte', async () => {
    const places = { outputFile: join(folder, 'again.zip'), unpackedDirectory: join(folder, 'again') };
    const again = await makePackage({ ...places, buildDirectory });
    expect(again.sha256).toBe(made.sha256);
    expect(readFileSync(again.path).equals(readFileSync(made.path))).toBe(true);
  });

  test('is read by the unpackers that people have', ({ skip }) => {
    const unzip = spawnSync('unzip', ['-tqq', made.path], { encoding: 'utf8' });
    if (unzip.error !== undefined) skip('unzip is not installed');
    expect([unzip.status, unzip.stdout]).toEqual([0, '']);
  });
});

describe('the unpacked app', () => {
  let key: string;

  test('runs in an empty folder and takes keys that weir keys makes in its storage account', async () => {
    expect(existsSync(join(app, 'node_modules'))).toBe(false);
    expect((await fetch(`${baseUrl}/health`)).status).toBe(200);
    expect((await ask('GET', '/jobs', 'nobody')).status).toBe(401);
    key = (await runKeys('make --team search --name first')).result;
    await waitFor('the key to be known', async () => (await ask('GET', '/jobs', key)).status === 200);
  });

  test('does a job and accounts for it', async () => {
    const accepted = await ask('POST', '/jobs', key, chatJob('Say hello.'));
    expect(accepted.status).toBe(202);
    const path = `/jobs/${accepted.body.id}?wait=10`;
    await waitFor('the end', async () => (await ask('GET', path, key)).body.status === 'succeeded');
    const embedding = { endpoint: '/v1/embeddings', body: { model: 'text-embedding-3-small', input: 'hello' } };
    const other = await ask('POST', '/jobs', key, embedding);
    await waitFor(
      'the end',
      async () => (await ask('GET', `/jobs/${other.body.id}?wait=10`, key)).body.status === 'succeeded',
    );
    const usage = await ask('GET', '/usage?group_by=model', key);
    expect(usage.body.data).toHaveLength(2);
    expect((await ask('GET', '/openapi.json', key)).body.info.version).toBe(
      JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version,
    );
  });

  test('writes nothing into its folder: on Azure the package is read-only', () => {
    expect(readdirSync(app).sort()).toEqual(['dist', 'host.json', 'package.json']);
  });

  test('refuses a key that was revoked', async () => {
    const { result: next } = await runKeys('rotate --team search --name second');
    await waitFor('the successor', async () => (await ask('GET', '/jobs', next)).status === 200);
    await runKeys('revoke --team search --key first');
    await waitFor('the revocation', async () => (await ask('GET', '/jobs', key)).status === 401);
    expect((await ask('GET', '/jobs', next)).status).toBe(200);
    expect(hostLines.join('\n')).not.toContain(next);
    key = next;
  });

  test('is found well by weir doctor, and what is broken is named', async () => {
    const doctor = async (environment: Record<string, string>, ...args: string[]) => {
      const lines: string[] = [];
      const print = (line: string) => lines.push(line);
      const azure = new ResourceManager({ origin: 'http://127.0.0.1:1', token: async () => 'none' });
      const exitCode = await runDoctorCommand(args, {
        environment,
        localRun: null,
        azure,
        now: () => new Date(),
        print,
      });
      return { exitCode, text: lines.join('\n') };
    };
    const environment = {
      AzureWebJobsStorage: connectionString,
      WEIR_CONFIG: 'blob:config/weir.config.json',
      WEIR_KEYS: 'blob:config/weir.keys.json',
      WEIR_LOCAL_KEY: 'any-key-will-do',
      WEIR_KEY: key,
    };
    const well = await doctor(environment, '--url', baseUrl, '--probe');
    expect(well.text).not.toContain('✗');
    for (const line of ['refuses who brings no key', '7 of 7 tables', 'agrees with storage', 'eastasia answers in']) {
      expect(well.text).toContain(line);
    }
    expect(well.exitCode).toBe(0);

    const wrong = await doctor({ ...environment, WEIR_KEY: 'wrong' }, '--url', baseUrl);
    expect([wrong.exitCode, wrong.text.includes('does not know the key')]).toEqual([1, true]);
    const nowhere = `http://127.0.0.1:${await reservePort(0)}`;
    const away = await doctor({ ...environment, WEIR_CONFIG: 'blob:config/none.json' }, '--url', nowhere);
    expect(away.exitCode).toBe(1);
    expect(away.text).toContain('There is no such document');
    expect(away.text).toContain(`${nowhere} does not answer`);
    expect(well.text + wrong.text + away.text).not.toContain(key);
  });

  test('several who make keys at once lose none', async () => {
    const teams = ['support', 'platform', 'team-a', 'team-b'];
    await Promise.all(teams.map((team) => runKeys(`make --team ${team}`)));
    const { result } = await runKeys('list');
    for (const team of [...teams, 'search']) expect(result).toContain(team);
  });
});
