import { join } from 'node:path';
import type { TableClient, TransactionAction } from '@azure/data-tables';
import type { StorageConnection } from '../../../src/core/adapters/azure-storage/connection.ts';
import { ensureStorage } from '../../../src/core/adapters/azure-storage/ensure-storage.ts';
import { callStorage } from '../../../src/core/adapters/azure-storage/storage-call.ts';
import { tableNames } from '../../../src/core/adapters/azure-storage/storage-names.ts';
import { CommandError } from '../command-error.ts';
import { backupBounds, configContainer } from './back-up.ts';
import { parseBlobLine, writeBlob } from './blob-line.ts';
import { countLines, readLines } from './line-file.ts';
import { type KeptFile, type Manifest, readManifest } from './manifest.ts';
import { makeEntity, parseRowLine, type RowLine } from './row-line.ts';

/** Bookings and breakers of a time that is over: the app makes them anew. */
const leftEmpty: readonly string[] = [tableNames.capacity];
/** A row of this partition says which backup a table is being filled from. Nothing else reads it. */
const markPartition = '~restore';
const rowsAtOnce = 100;
/** A transaction takes 4 MiB; JSON lines are shorter than what is sent. */
const charactersAtOnce = 1_000_000;

export interface RestoreOptions {
  readonly connection: StorageConnection;
  readonly folder: string;
  readonly report: (line: string) => void;
}

/**
 * Fills empty tables and containers from a backup, blobs first, so that no row points to what is not there yet. An interrupted one is
 * begun again and ends the same. Refuses a table with rows of anything else: two states would mix.
 */
export async function restore({ connection, folder, report }: RestoreOptions): Promise<void> {
  const manifest = await readManifest(folder);
  if (manifest === null) throw new CommandError(`${folder} holds no backup: manifest.json is missing.`);
  if (manifest.finishedAt === null) {
    throw new CommandError(`The backup in ${folder} is not complete: run the same npm run weir -- backup again first.`);
  }
  for (const kept of manifest.files) await checkFile(folder, kept);
  const tables = manifest.files.filter(({ kind, name }) => kind === 'table' && !leftEmpty.includes(name));
  // With a connection string the app makes its tables at its start, and has not started here.
  if (!connection.usesIdentity) await ensureStorage(connection);
  for (const { name } of tables) await refuseOthers(await connection.table(name), name, manifest);
  for (const { name } of tables) await mark(await connection.table(name), name, manifest);
  for (const kept of manifest.files.filter(({ kind }) => kind === 'container')) {
    await fillContainer(connection, kept, join(folder, kept.file));
    report(`container ${kept.name}: ${kept.lines} blobs`);
  }
  for (const kept of tables) {
    const table = await connection.table(kept.name);
    await fillTable(table, kept.name, join(folder, kept.file));
    report(`table ${kept.name}: ${kept.lines} rows`);
  }
  // Only now: a run that ends before is begun again and finds its marks.
  for (const { name } of tables) await unmark(await connection.table(name), name, manifest);
  for (const name of leftEmpty) report(`table ${name}: left empty, the app fills it anew`);
}

async function checkFile(folder: string, kept: KeptFile): Promise<void> {
  const found = await countLines(join(folder, kept.file)).catch(() => null);
  if (found?.sha256 === kept.sha256 && found.lines === kept.lines) return;
  throw new CommandError(
    `${kept.file} is ${found === null ? 'missing' : 'not what the manifest says'}: the backup is damaged. Nothing was restored.`,
  );
}

async function refuseOthers(table: TableClient, name: string, manifest: Manifest): Promise<void> {
  const isOurs = await readMark(table, name, manifest);
  if (isOurs) return;
  const page = await callStorage(`read table ${name}`, backupBounds, async ({ signal }) => {
    const pages = table.listEntities({ abortSignal: signal }).byPage({ maxPageSize: 1 });
    return (await pages.next()).value;
  });
  // A page may be empty and have a successor: then there are rows, too.
  if ((page ?? []).length === 0 && page?.continuationToken === undefined) return;
  throw new CommandError(
    `The table ${name} is not empty, and what is in it is not of this backup: the two states would mix. Nothing was restored. ` +
      'Restore into a new account, or stop the app and delete the rows first.',
  );
}

async function readMark(table: TableClient, name: string, { id }: Manifest): Promise<boolean> {
  return callStorage(`read table ${name}`, backupBounds, async ({ signal }) => {
    const filter = `PartitionKey eq '${markPartition}' and RowKey eq '${id}'`;
    const pages = table.listEntities({ queryOptions: { filter }, abortSignal: signal }).byPage();
    return ((await pages.next()).value ?? []).length === 1;
  });
}

async function mark(table: TableClient, name: string, { id }: Manifest): Promise<void> {
  await callStorage(`mark table ${name}`, backupBounds, ({ signal }) =>
    table.upsertEntity({ partitionKey: markPartition, rowKey: id }, 'Replace', { abortSignal: signal }),
  );
}

async function unmark(table: TableClient, name: string, { id }: Manifest): Promise<void> {
  await callStorage(`unmark table ${name}`, backupBounds, ({ signal }) =>
    table.deleteEntity(markPartition, id, { abortSignal: signal }),
  );
}

async function fillTable(table: TableClient, name: string, path: string): Promise<void> {
  let batch: RowLine[] = [];
  let characters = 0;
  const flush = async () => {
    if (batch.length === 0) return;
    // Replaced, not inserted: a run that was interrupted, or a lost answer, has written some of them.
    const actions = batch.map((line): TransactionAction => ['upsert', makeEntity(line), 'Replace']);
    await callStorage(`write table ${name}`, backupBounds, ({ signal }) =>
      table.submitTransaction(actions, { abortSignal: signal }),
    );
    batch = [];
    characters = 0;
  };
  for await (const text of readLines(path)) {
    const line = parseRowLine(text);
    const isFull = batch.length === rowsAtOnce || characters + text.length > charactersAtOnce;
    if (isFull || batch[0]?.partitionKey !== line.partitionKey) await flush();
    batch.push(line);
    characters += text.length;
  }
  await flush();
}

async function fillContainer(connection: StorageConnection, kept: KeptFile, path: string): Promise<void> {
  const container = await connection.container(kept.name);
  if (!connection.usesIdentity) await container.createIfNotExists();
  for await (const text of readLines(path)) {
    const line = parseBlobLine(text);
    // A configuration and keys that are in force stay so.
    const keepsOthers = kept.name === configContainer;
    await callStorage(`write blob ${line.name}`, backupBounds, ({ signal }) =>
      writeBlob(container, line, keepsOthers, signal),
    );
  }
}
