import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { connectStorage, type StorageConnection } from '../../src/core/adapters/azure-storage/connection.ts';
import { ensureStorage } from '../../src/core/adapters/azure-storage/ensure-storage.ts';
import { backUp } from '../../tools/weir/backup/back-up.ts';
import { restore } from '../../tools/weir/backup/restore.ts';
import { type Azurite, startAzurite } from '../support/azurite-for-tests.ts';

let folder = '';
let azurites: Azurite[] = [];
let source: StorageConnection;
let target: StorageConnection;
const rowCount = 1203;

beforeAll(async () => {
  azurites = await Promise.all([startAzurite(), startAzurite()]);
  [source, target] = azurites.map(({ connectionString }) =>
    connectStorage({ settings: { AzureWebJobsStorage: connectionString } }),
  ) as [StorageConnection, StorageConnection];
  await ensureStorage(source);
  const teams = await source.table('teams');
  const typed = {
    small: 7,
    yes: true,
    text: 'zwölf Brücken 🌉',
    long: 'x'.repeat(32_000),
    large: { type: 'Int64', value: '9007199254740993' },
    exact: { type: 'DateTime', value: '2026-11-28T06:00:00.1234567Z' },
    id: { type: 'Guid', value: '33333333-3333-4333-8333-333333333333' },
    bytes: new Uint8Array([0, 255, 10, 13]),
    fraction: 1.5,
    whole: { type: 'Double', value: 5 },
  };
  await teams.createEntity({ partitionKey: 'search', rowKey: 'typed', ...typed });
  for (const partitionKey of ['search', 'support', '~teams']) {
    for (let start = 0; start < rowCount / 3; start += 100) {
      const rows = Array.from({ length: Math.min(100, rowCount / 3 - start) }, (_, index) => start + index);
      await teams.submitTransaction(
        rows.map((row) => ['create', { partitionKey, rowKey: `row|${String(row).padStart(5, '0')}'`, v: 1, n: row }]),
      );
    }
  }
  await (await source.table('capacity')).createEntity({ partitionKey: 'gpt', rowKey: 'pool', v: 1 });
  for (const [container, name, text] of [
    ['content', 'search/job_1/request', '{"prompt":"ä"}'],
    ['content', 'support/job_2/result', ''],
    ['config', 'weir.keys.json', '{"keys":[]}'],
    ['config', 'weir.config.json', 'of the backup'],
  ] as const) {
    const client = await source.container(container);
    await client.createIfNotExists();
    await client.getBlockBlobClient(name).upload(text, Buffer.byteLength(text), {
      blobHTTPHeaders: { blobContentType: 'application/json; charset=utf-8' },
      metadata: { sha256: 'abc', characters: '14' },
    });
  }
}, 120_000);

beforeEach(async () => {
  folder = join(mkdtempSync(join(tmpdir(), 'weir-backup-')), 'kept');
  for (const name of ['teams', 'capacity', 'cache']) {
    const table = await target.table(name);
    await table.deleteTable().catch(() => {});
  }
  for (const name of ['content', 'config']) await (await target.container(name)).deleteIfExists();
  await ensureStorage(target);
}, 120_000);

afterEach(() => rmSync(join(folder, '..'), { recursive: true }));
afterAll(async () => Promise.all(azurites.map((azurite) => azurite.stop())));

const lines: string[] = [];
const report = (line: string) => lines.push(line);
const now = () => new Date('2026-11-28T06:00:00Z');
const keep = (connection = source) => backUp({ connection, folder, now, report });
const bringBack = () => restore({ connection: target, folder, report });

/** Every row with the types of its columns, without what storage sets itself. */
async function readTable(connection: StorageConnection, name: string) {
  const rows: unknown[] = [];
  const table = await connection.table(name);
  for await (const entity of table.listEntities({ disableTypeConversion: true })) {
    const { etag: _etag, timestamp: _timestamp, ...columns } = entity;
    rows.push(Object.fromEntries(Object.entries(columns).filter(([key]) => !key.startsWith('odata.'))));
  }
  return rows;
}

async function readBlobs(connection: StorageConnection, name: string) {
  const container = await connection.container(name);
  const blobs: Record<string, unknown> = {};
  for await (const { name: blob } of container.listBlobsFlat()) {
    const client = container.getBlobClient(blob);
    const { contentType, metadata } = await client.getProperties();
    blobs[blob] = { contentType, metadata, text: (await client.downloadToBuffer()).toString('utf8') };
  }
  return blobs;
}

describe('a backup', () => {
  it('brings back every row with its types and every blob with its properties', async () => {
    const manifest = await keep();
    expect(manifest.files.map(({ name, lines: count }) => [name, count])).toEqual([
      ['teams', rowCount + 1],
      ['capacity', 1],
      ['cache', 0],
      ['content', 2],
      ['config', 2],
    ]);
    await bringBack();
    const rows = await readTable(target, 'teams');
    expect(rows).toHaveLength(rowCount + 1);
    expect(rows).toEqual(await readTable(source, 'teams'));
    for (const name of ['content', 'config'])
      expect(await readBlobs(target, name)).toEqual(await readBlobs(source, name));
    expect(await readTable(target, 'capacity')).toEqual([]);
  });

  it('can be read by its owner alone', async () => {
    await keep();
    for (const name of ['', 'manifest.json', 'tables-teams.jsonl']) {
      expect([name, (statSync(join(folder, name)).mode & 0o077).toString(8)]).toEqual([name, '0']);
    }
  });

  it('goes on after the last whole line that an interrupted run wrote', async () => {
    await keep();
    const whole = readFileSync(join(folder, 'tables-teams.jsonl'), 'utf8');
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    // As a run that died in the middle of a line left it.
    rmSync(join(folder, 'tables-teams.jsonl'));
    writeFileSync(join(folder, 'tables-teams.jsonl.part'), whole.slice(0, Math.floor(whole.length / 2)));
    const others = manifest.files.filter(({ name }: { name: string }) => name !== 'teams');
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, finishedAt: null, files: others }));
    lines.length = 0;
    await keep();
    expect(lines[0]).toContain('Goes on with the backup begun at 2026-11-28');
    expect(readFileSync(join(folder, 'tables-teams.jsonl'), 'utf8')).toBe(whole);
    expect(existsSync(join(folder, 'tables-teams.jsonl.part'))).toBe(false);
    expect(lines.filter((line) => line.startsWith('container'))).toEqual([]);
  });

  it('overwrites neither a backup nor anything else', async () => {
    await keep();
    await expect(keep()).rejects.toThrow(/complete backup of 2026-11-28/);
    rmSync(join(folder, 'manifest.json'));
    await expect(keep()).rejects.toThrow(/is not empty/);
  });
});

describe('a restore', () => {
  it('refuses a table with rows of anything else, and writes nothing', async () => {
    await keep();
    await (await target.table('teams')).createEntity({ partitionKey: 'search', rowKey: 'other' });
    await expect(bringBack()).rejects.toThrow(/table teams is not empty[\s\S]*two states would mix/);
    expect(await readTable(target, 'teams')).toHaveLength(1);
    expect(await readTable(target, 'cache')).toEqual([]);
    expect(await readBlobs(target, 'content')).toEqual({});
  });

  it('that was interrupted is begun again and ends the same; over a finished one it is refused', async () => {
    await keep();
    const table = await target.table('teams');
    const original = table.submitTransaction.bind(table);
    let left = 3;
    table.submitTransaction = async (...args) => {
      left -= 1;
      if (left < 0) throw new TypeError('The machine was switched off.');
      return original(...args);
    };
    await expect(bringBack()).rejects.toThrow('switched off');
    expect((await readTable(target, 'teams')).length).toBeGreaterThan(100);
    table.submitTransaction = original;
    await bringBack();
    expect(await readTable(target, 'teams')).toEqual(await readTable(source, 'teams'));
    await expect(bringBack()).rejects.toThrow(/not empty/);
  });

  it('keeps a configuration and keys that are there', async () => {
    await keep();
    const config = await target.container('config');
    await config.createIfNotExists();
    await config.getBlockBlobClient('weir.config.json').upload('of today', 8);
    await bringBack();
    expect(await readBlobs(target, 'config')).toMatchObject({
      'weir.config.json': { text: 'of today' },
      'weir.keys.json': { text: '{"keys":[]}' },
    });
  });

  it.each<[string, (file: string) => void]>([
    ['a changed row', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('"n":7', '"n":8'))],
    ['a row less', (file) => truncateSync(file, readFileSync(file, 'utf8').trimEnd().lastIndexOf('\n') + 1)],
    ['a row more', (file) => appendFileSync(file, '{"partitionKey":"a","rowKey":"b","columns":{}}\n')],
    ['a missing file', (file) => rmSync(file)],
  ])('notices %s before it writes anything', async (_what, damage) => {
    await keep();
    damage(join(folder, 'tables-teams.jsonl'));
    await expect(bringBack()).rejects.toThrow(/tables-teams\.jsonl is (missing|not what the manifest says)/);
    expect(await readTable(target, 'teams')).toEqual([]);
  });

  it('refuses a folder without a backup, and one that is not complete', async () => {
    await expect(bringBack()).rejects.toThrow(/holds no backup/);
    await keep();
    const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ ...manifest, finishedAt: null }));
    await expect(bringBack()).rejects.toThrow(/not complete/);
  });
});
