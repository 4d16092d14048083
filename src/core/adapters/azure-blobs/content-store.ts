import type { ContainerClient } from '@azure/storage-blob';
import { type Content, type ContentReading, type ContentStore, inlineLimit } from '../../jobs/content.ts';
import { isJobOf, jobIdPrefixes } from '../../jobs/job-id.ts';
import type { Sha256 } from '../../random.ts';
import type { StorageConnection } from '../azure-storage/connection.ts';
import {
  boundsFor,
  callStorage,
  readStorageFailure,
  type StorageBounds,
  storageBounds,
} from '../azure-storage/storage-call.ts';
import { contentContainer } from '../azure-storage/storage-names.ts';
import { nameContent, nameContentOfJobs, nameContentPrefix } from './content-name.ts';

/** A UTF-16 character takes at most so many bytes of UTF-8. */
const mostBytesPerCharacter = 3;

/** Request and result bodies over the inline limit as blobs `<team>/<job>/<part>`; their SHA-256 is checked at every reading. */
export class BlobContentStore implements ContentStore {
  readonly #connection: StorageConnection;
  readonly #sha256: Sha256;
  readonly #bounds: StorageBounds;

  constructor(options: { connection: StorageConnection; sha256: Sha256; bounds?: StorageBounds }) {
    this.#connection = options.connection;
    this.#sha256 = options.sha256;
    this.#bounds = options.bounds ?? storageBounds;
  }

  async keep(team: string, jobId: string, part: string, text: string): Promise<Content> {
    if (text.length <= inlineLimit) return { kind: 'inline', text };
    const name = nameContent(team, jobId, part);
    const sha256 = this.#sha256(text);
    const characters = text.length;
    const bytes = Buffer.byteLength(text, 'utf8');
    const upload = (container: ContainerClient, abortSignal: AbortSignal) =>
      container.getBlockBlobClient(name).upload(text, bytes, {
        blobHTTPHeaders: { blobContentType: 'application/json; charset=utf-8' },
        metadata: { sha256, characters: String(characters) },
        abortSignal,
      });
    await this.#call('keep content', upload, bytes);
    return { kind: 'blob', name, characters, sha256 };
  }

  async read(content: Content): Promise<ContentReading> {
    if (content.kind === 'inline') return { outcome: 'read', text: content.text };
    const download = (container: ContainerClient, abortSignal: AbortSignal) =>
      container
        .getBlobClient(content.name)
        .downloadToBuffer(0, undefined, { abortSignal, maxRetryRequestsPerBlock: 0 });
    const bytes = await this.#orNull('read content', download, content.characters * mostBytesPerCharacter);
    if (bytes === null) return { outcome: 'missing' };
    const text = bytes.toString('utf8');
    return this.#sha256(text) === content.sha256 ? { outcome: 'read', text } : { outcome: 'damaged' };
  }

  async find(team: string, jobId: string, part: string): Promise<Content | null> {
    const name = nameContent(team, jobId, part);
    const properties = await this.#orNull('find content', (container, signal) =>
      container.getBlobClient(name).getProperties({ abortSignal: signal }),
    );
    const sha256 = properties?.metadata?.['sha256'];
    const characters = Number(properties?.metadata?.['characters']);
    // Without its checksum nobody can tell whether the blob is whole: it counts as absent.
    if (sha256 === undefined || !Number.isInteger(characters)) return null;
    return { kind: 'blob', name, characters, sha256 };
  }

  async listJobs(team: string, span: { readonly fromMs: number; readonly toMs: number }): Promise<readonly string[]> {
    const found: string[] = [];
    for (const beginning of jobIdPrefixes(span)) {
      const prefix = nameContentOfJobs(team, beginning);
      let token: string | undefined;
      do {
        const page = await this.#call('list content', async (container, signal) => {
          const pages = container
            .listBlobsByHierarchy('/', { prefix, abortSignal: signal })
            .byPage({ maxPageSize: 1000, ...(token ? { continuationToken: token } : {}) });
          const { value } = await pages.next();
          const folders: readonly { name: string }[] = value?.segment.blobPrefixes ?? [];
          return { names: folders.map(({ name }) => name), token: value?.continuationToken };
        });
        found.push(...page.names.map((name) => name.slice(team.length + 1, -1)));
        token = page.token;
      } while (token);
    }
    return found.filter((id) => isJobOf(span, id));
  }

  async erase(team: string, jobId: string): Promise<void> {
    const prefix = nameContentPrefix(team, jobId);
    let token: string | undefined;
    do {
      const page = await this.#call('list content', async (container, signal) => {
        const pages = container
          .listBlobsFlat({ prefix, abortSignal: signal })
          .byPage({ maxPageSize: 100, ...(token ? { continuationToken: token } : {}) });
        const { value } = await pages.next();
        return {
          names: value?.segment.blobItems.map((blob: { name: string }) => blob.name) ?? [],
          token: value?.continuationToken,
        };
      });
      for (const name of page.names) {
        await this.#call('erase content', (container, signal) =>
          container.getBlobClient(name).deleteIfExists({ deleteSnapshots: 'include', abortSignal: signal }),
        );
      }
      token = page.token;
    } while (token);
  }

  /** `bytes` are what goes over the line, at most. */
  async #call<T>(
    operation: string,
    run: (container: ContainerClient, signal: AbortSignal) => Promise<T>,
    bytes = 0,
  ): Promise<T> {
    const container = await this.#connection.container(contentContainer);
    return callStorage(operation, boundsFor(this.#bounds, bytes), ({ signal }) => run(container, signal));
  }

  async #orNull<T>(
    operation: string,
    run: (container: ContainerClient, signal: AbortSignal) => Promise<T>,
    bytes = 0,
  ): Promise<T | null> {
    try {
      return await this.#call(operation, run, bytes);
    } catch (error) {
      if (readStorageFailure(error) === 'missing') return null;
      throw error;
    }
  }
}
