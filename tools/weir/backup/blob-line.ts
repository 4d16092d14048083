import type { ContainerClient } from '@azure/storage-blob';
import { z } from 'zod';

/** A blob as one line of a backup. */
const blobLine = z.strictObject({
  name: z.string().min(1),
  contentType: z.string(),
  metadata: z.record(z.string(), z.string()),
  base64: z.base64(),
});
export type BlobLine = z.output<typeof blobLine>;

export function parseBlobLine(text: string): BlobLine {
  return blobLine.parse(JSON.parse(text));
}

/** Reads a blob; null when it was deleted meanwhile. */
export async function readBlob(
  container: ContainerClient,
  name: string,
  signal: AbortSignal,
): Promise<BlobLine | null> {
  const blob = container.getBlobClient(name);
  try {
    const { contentType = 'application/octet-stream', metadata = {} } = await blob.getProperties({
      abortSignal: signal,
    });
    const bytes = await blob.downloadToBuffer(0, undefined, { abortSignal: signal });
    return { name, contentType, metadata, base64: bytes.toString('base64') };
  } catch (error) {
    if (error instanceof Error && 'statusCode' in error && error.statusCode === 404) return null;
    throw error;
  }
}

/** Writes a blob; one that is there already is replaced, or kept where `keepsOthers`. */
export async function writeBlob(
  container: ContainerClient,
  line: BlobLine,
  keepsOthers: boolean,
  signal: AbortSignal,
): Promise<void> {
  const bytes = Buffer.from(line.base64, 'base64');
  try {
    await container.getBlockBlobClient(line.name).upload(bytes, bytes.length, {
      abortSignal: signal,
      blobHTTPHeaders: { blobContentType: line.contentType },
      metadata: line.metadata,
      conditions: keepsOthers ? { ifNoneMatch: '*' } : {},
    });
  } catch (error) {
    const isThere = error instanceof Error && 'statusCode' in error && [409, 412].includes(Number(error.statusCode));
    if (!keepsOthers || !isThere) throw error;
  }
}
