import { createHash, randomBytes } from 'node:crypto';
import { open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { makeTextBlobReader } from '../../src/core/adapters/azure-blobs/text-blob.ts';
import type { StorageConnection } from '../../src/core/adapters/azure-storage/connection.ts';
import { callStorage, readStorageFailure } from '../../src/core/adapters/azure-storage/storage-call.ts';
import { CommandError } from './command-error.ts';

/** A document as it was read; null text = there is none yet. `version` names what was seen. */
export interface KeptDocument {
  readonly text: string | null;
  readonly version: string | null;
}

/** Where the keys document is kept: read it, and write it only if nobody has written since. */
export interface KeysPlace {
  /** For messages. */
  readonly name: string;
  /** Seconds until running instances have seen a change. */
  readonly noticedWithinSeconds: number;
  read(): Promise<KeptDocument>;
  /** False when the document is no longer what `seen` says: read again and decide anew. */
  write(text: string, seen: KeptDocument): Promise<boolean>;
}

/** A file on this machine; written whole or not at all, and by one at a time. */
export function makeFilePlace(path: string): KeysPlace {
  const read = async (): Promise<KeptDocument> => {
    try {
      const text = await readFile(path, 'utf8');
      return { text, version: createHash('sha256').update(text).digest('hex') };
    } catch (error) {
      if (isCode(error, 'ENOENT')) return { text: null, version: null };
      throw error;
    }
  };
  return {
    name: path,
    noticedWithinSeconds: 2,
    read,
    async write(text, seen) {
      const lock = await takeLock(`${path}.lock`);
      const temporary = `${path}.${randomBytes(4).toString('hex')}.tmp`;
      try {
        if ((await read()).version !== seen.version) return false;
        await writeFile(temporary, text);
        await rename(temporary, path);
        return true;
      } finally {
        await rm(temporary, { force: true });
        await lock.release();
      }
    },
  };
}

async function takeLock(path: string): Promise<{ release(): Promise<void> }> {
  try {
    const handle = await open(path, 'wx');
    await handle.close();
    return { release: () => rm(path, { force: true }) };
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
    throw new CommandError(`Somebody else is changing the keys. If nobody is, remove ${path} and try again.`);
  }
}

// A person waits: longer than the gateway's own bounds, and a first sign-in takes seconds.
const bounds = { totalMs: 60_000, tryMs: 30_000, maxTries: 3, retryDelayMs: 500 };

/** A blob; what has been written since is told by its ETag. */
export function makeBlobPlace(connection: StorageConnection, containerName: string, blobName: string): KeysPlace {
  const readBlob = makeTextBlobReader({ connection, bounds });
  return {
    name: `blob:${containerName}/${blobName}`,
    noticedWithinSeconds: 15,
    async read() {
      const reading = await readBlob(containerName, blobName, null);
      return reading.outcome === 'read'
        ? { text: reading.text, version: reading.version }
        : { text: null, version: null };
    },
    async write(text, seen) {
      const container = await connection.container(containerName);
      const conditions = seen.version === null ? { ifNoneMatch: '*' } : { ifMatch: seen.version };
      try {
        await callStorage(`write blob ${containerName}/${blobName}`, bounds, ({ signal }) =>
          container.getBlockBlobClient(blobName).upload(text, Buffer.byteLength(text), {
            abortSignal: signal,
            conditions,
            blobHTTPHeaders: { blobContentType: 'application/json' },
          }),
        );
        return true;
      } catch (error) {
        const failure = readStorageFailure(error);
        if (failure === 'lost' || failure === 'duplicate') return false;
        throw error;
      }
    },
  };
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
