import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageConnection } from '../../../src/core/adapters/azure-storage/connection.ts';
import { callStorage } from '../../../src/core/adapters/azure-storage/storage-call.ts';
import { contentContainer, tableNames } from '../../../src/core/adapters/azure-storage/storage-names.ts';
import { CommandError } from '../command-error.ts';
import { parseBlobLine, readBlob } from './blob-line.ts';
import { countLines, openLines } from './line-file.ts';
import { type KeptFile, type Manifest, readManifest, writeManifest } from './manifest.ts';
import { describeRow, parseRowLine } from './row-line.ts';

/** A person waits for it: patient with a busy account. */
export const backupBounds = { totalMs: 300_000, tryMs: 60_000, maxTries: 6, retryDelayMs: 2000 };

/** Container of configuration and issued keys. */
export const configContainer = 'config';

const parts: readonly Pick<KeptFile, 'kind' | 'name'>[] = [
  ...Object.values(tableNames).map((name) => ({ kind: 'table' as const, name })),
  ...[contentContainer, configContainer].map((name) => ({ kind: 'container' as const, name })),
];
const rowsAtOnce = 1000;
const blobsAtOnce = 8;

export interface BackupOptions {
  readonly connection: StorageConnection;
  readonly folder: string;
  readonly now: () => Date;
  readonly report: (line: string) => void;
}

/** Copies tables and containers into a folder, file by file; goes on where an interrupted run ended. Refuses a folder with anything else in it. */
export async function backUp({ connection, folder, now, report }: BackupOptions): Promise<Manifest> {
  let manifest = await beginManifest(folder, now, report);
  for (const part of parts) {
    const file = `${part.kind}s-${part.name}.jsonl`;
    if (manifest.files.some((kept) => kept.file === file)) continue;
    const path = join(folder, `${file}.part`);
    if (part.kind === 'table') await copyTable(connection, part.name, path);
    else await copyContainer(connection, part.name, path);
    const counted = await countLines(path);
    await rename(path, join(folder, file));
    manifest = { ...manifest, files: [...manifest.files, { ...part, file, ...counted }] };
    await writeManifest(folder, manifest);
    report(
      `${part.kind} ${part.name}: ${counted.lines} ${part.kind === 'table' ? 'rows' : 'blobs'}, ${counted.bytes} bytes`,
    );
  }
  const finished = { ...manifest, finishedAt: now().toISOString() };
  await writeManifest(folder, finished);
  return finished;
}

async function beginManifest(folder: string, now: () => Date, report: (line: string) => void): Promise<Manifest> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const found = await readManifest(folder);
  if (found?.finishedAt) {
    throw new CommandError(
      `${folder} holds a complete backup of ${found.finishedAt}. Name a new folder with --folder.`,
    );
  }
  if (found !== null) {
    report(
      `Goes on with the backup begun at ${found.startedAt}. If the app has run since, begin anew in a new folder.`,
    );
    return found;
  }
  if ((await readdir(folder)).length > 0)
    throw new CommandError(`${folder} is not empty. Name a new folder with --folder.`);
  const manifest: Manifest = {
    format: 'weir-backup/1',
    id: randomBytes(16).toString('hex'),
    startedAt: now().toISOString(),
    finishedAt: null,
    files: [],
  };
  await writeManifest(folder, manifest);
  return manifest;
}

async function copyTable(connection: StorageConnection, name: string, path: string): Promise<void> {
  const table = await connection.table(name);
  const { odata } = await import('@azure/data-tables');
  const { file, last } = await openLines(path);
  try {
    // Rows come in the order of their keys.
    const { partitionKey, rowKey } = last === null ? { partitionKey: '', rowKey: '' } : parseRowLine(last);
    const queryOptions =
      last === null
        ? {}
        : {
            filter: odata`PartitionKey gt ${partitionKey} or (PartitionKey eq ${partitionKey} and RowKey gt ${rowKey})`,
          };
    let token: string | undefined;
    do {
      const page = await callStorage(`read table ${name}`, backupBounds, async ({ signal }) => {
        const pages = table
          .listEntities({ queryOptions, disableTypeConversion: true, abortSignal: signal })
          .byPage({ maxPageSize: rowsAtOnce, ...(token === undefined ? {} : { continuationToken: token }) });
        return (await pages.next()).value;
      });
      const lines = [...(page ?? [])].map((entity) => `${JSON.stringify(describeRow(entity))}\n`);
      await file.write(lines.join(''));
      token = page?.continuationToken;
    } while (token !== undefined);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function copyContainer(connection: StorageConnection, name: string, path: string): Promise<void> {
  const container = await connection.container(name);
  const isThere = await callStorage(`find container ${name}`, backupBounds, ({ signal }) =>
    container.exists({ abortSignal: signal }),
  );
  const { file, last } = await openLines(path);
  const after = last === null ? '' : parseBlobLine(last).name;
  try {
    let token: string | undefined;
    // A Weir whose configuration is a file has no such container.
    while (isThere) {
      const { names, next } = await callStorage(`list container ${name}`, backupBounds, async ({ signal }) => {
        const pages = container
          .listBlobsFlat({ abortSignal: signal })
          .byPage({ maxPageSize: rowsAtOnce, ...(token === undefined ? {} : { continuationToken: token }) });
        const { value } = await pages.next();
        const found: string[] = value?.segment.blobItems.map((blob: { name: string }) => blob.name) ?? [];
        return { names: found.filter((found) => found > after), next: value?.continuationToken || undefined };
      });
      for (let start = 0; start < names.length; start += blobsAtOnce) {
        const blobs = await Promise.all(
          names
            .slice(start, start + blobsAtOnce)
            .map((blob) =>
              callStorage(`read blob ${blob}`, backupBounds, ({ signal }) => readBlob(container, blob, signal)),
            ),
        );
        const lines = blobs.filter((blob) => blob !== null).map((blob) => `${JSON.stringify(blob)}\n`);
        await file.write(lines.join(''));
      }
      token = next;
      if (token === undefined) break;
    }
    await file.sync();
  } finally {
    await file.close();
  }
}
