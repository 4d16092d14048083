import type { StorageConnection } from '../azure-storage/connection.ts';
import { callStorage, readStorageFailure, type StorageBounds, storageBounds } from '../azure-storage/storage-call.ts';

/** A text blob as found: `version` is its ETag, `unchanged` when that is the known one. */
export type TextBlobReading =
  | { readonly outcome: 'read'; readonly text: string; readonly version: string }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'missing' };

/** Makes a reader of text blobs that downloads only what has changed. Throws StorageUnavailableError. */
export function makeTextBlobReader(options: { connection: StorageConnection; bounds?: StorageBounds }) {
  const { connection, bounds = storageBounds } = options;
  return async (containerName: string, name: string, knownETag: string | null): Promise<TextBlobReading> => {
    const container = await connection.container(containerName);
    return callStorage(`read blob ${containerName}/${name}`, bounds, async ({ signal }) => {
      try {
        const response = await container.getBlobClient(name).download(0, undefined, {
          abortSignal: signal,
          maxRetryRequests: 0,
          conditions: knownETag === null ? {} : { ifNoneMatch: knownETag },
        });
        const { readableStreamBody: body, etag } = response;
        if (body === undefined || etag === undefined)
          throw new Error(`Blob ${containerName}/${name} came without body.`);
        const chunks: Buffer[] = [];
        for await (const chunk of body) chunks.push(Buffer.from(chunk));
        return { outcome: 'read', text: Buffer.concat(chunks).toString('utf8'), version: etag };
      } catch (error) {
        if (isNotModified(error)) return { outcome: 'unchanged' };
        if (readStorageFailure(error) === 'missing') return { outcome: 'missing' };
        throw error;
      }
    });
  };
}

function isNotModified(error: unknown): boolean {
  return error instanceof Error && 'statusCode' in error && error.statusCode === 304;
}
