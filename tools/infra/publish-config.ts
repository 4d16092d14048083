import type { BlockBlobClient } from '@azure/storage-blob';

export interface PublishOptions {
  /** Whether a configuration that is there already stays as it is. */
  readonly onlyIfNone: boolean;
  /** Waits before the next try while storage does not know the caller's role. */
  readonly pause: (attempt: number) => Promise<void>;
}

// A role that was assigned a moment ago is not known to storage at once.
const mostAttempts = 40;

/** Writes the configuration's blob; `kept` = there was one, and it was not to be replaced. Throws what storage says otherwise. */
export async function publishConfig(
  blob: BlockBlobClient,
  text: string,
  options: PublishOptions,
): Promise<'published' | 'kept'> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await blob.upload(text, Buffer.byteLength(text), {
        blobHTTPHeaders: { blobContentType: 'application/json' },
        conditions: options.onlyIfNone ? { ifNoneMatch: '*' } : {},
        abortSignal: AbortSignal.timeout(30_000),
      });
      return 'published';
    } catch (error) {
      const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
      if (options.onlyIfNone && (status === 409 || status === 412)) return 'kept';
      if (status !== 403 || attempt === mostAttempts) throw error;
      await options.pause(attempt);
    }
  }
}
