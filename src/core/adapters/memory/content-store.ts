import { type Content, type ContentReading, type ContentStore, inlineLimit } from '../../jobs/content.ts';
import { isJobOf } from '../../jobs/job-id.ts';
import type { Sha256 } from '../../random.ts';
import { nameContent, nameContentPrefix } from '../azure-blobs/content-name.ts';
import type { MemoryState } from './memory-state.ts';

/** Request and result bodies in memory, by the blob store's rules. */
export class MemoryContentStore implements ContentStore {
  readonly #state: MemoryState;
  readonly #sha256: Sha256;

  constructor(state: MemoryState, sha256: Sha256) {
    this.#state = state;
    this.#sha256 = sha256;
  }

  async keep(team: string, jobId: string, part: string, text: string): Promise<Content> {
    if (text.length <= inlineLimit) return { kind: 'inline', text };
    const name = nameContent(team, jobId, part);
    const sha256 = this.#sha256(text);
    this.#state.blobs.set(name, { text, sha256 });
    return { kind: 'blob', name, characters: text.length, sha256 };
  }

  async read(content: Content): Promise<ContentReading> {
    if (content.kind === 'inline') return { outcome: 'read', text: content.text };
    const blob = this.#state.blobs.get(content.name);
    if (blob === undefined) return { outcome: 'missing' };
    return this.#sha256(blob.text) === content.sha256 ? { outcome: 'read', text: blob.text } : { outcome: 'damaged' };
  }

  async find(team: string, jobId: string, part: string): Promise<Content | null> {
    const name = nameContent(team, jobId, part);
    const blob = this.#state.blobs.get(name);
    return blob === undefined ? null : { kind: 'blob', name, characters: blob.text.length, sha256: blob.sha256 };
  }

  async listJobs(team: string, span: { readonly fromMs: number; readonly toMs: number }): Promise<readonly string[]> {
    const folders = [...this.#state.blobs.keys()].map((name) => name.split('/'));
    const ids = folders.flatMap(([owner, id]) => (owner === team && id !== undefined ? [id] : []));
    return [...new Set(ids)].filter((id) => isJobOf(span, id)).sort();
  }

  async erase(team: string, jobId: string): Promise<void> {
    const prefix = nameContentPrefix(team, jobId);
    for (const name of [...this.#state.blobs.keys()]) if (name.startsWith(prefix)) this.#state.blobs.delete(name);
  }
}
