import type { BlockBlobClient } from '@azure/storage-blob';

export interface PublishOptions {
  /** Whether a configuration that is there already stays as it is. */
  readonly onlyIfNone: boolean;
  /** ETag of the configuration that may be replaced; null = whichever is there. */
  readonly onlyIf: string | null;
  /** Waits before the next try while storage does not know the caller's role. */
  readonly pause: (attempt: number) => Promise<void>;
}

// A role that was assigned a moment ago is not known to storage at once.
const mostAttempts = 40;

const changedMeanwhile =
  'The configuration was not published: it is not the one that --if-match names, so somebody else has published one since (another deployment, or a roll-back). See which is wanted, and publish again.';

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
        conditions: conditionsOf(options),
        abortSignal: AbortSignal.timeout(30_000),
      });
      return 'published';
    } catch (error) {
      const status = error instanceof Error && 'statusCode' in error ? error.statusCode : null;
      if (options.onlyIfNone && (status === 409 || status === 412)) return 'kept';
      if (options.onlyIf !== null && status === 412) throw new Error(changedMeanwhile, { cause: error });
      if (status !== 403 || attempt === mostAttempts) throw error;
      await options.pause(attempt);
    }
  }
}

function conditionsOf({ onlyIfNone, onlyIf }: PublishOptions) {
  if (onlyIfNone) return { ifNoneMatch: '*' };
  return onlyIf === null ? {} : { ifMatch: onlyIf };
}
