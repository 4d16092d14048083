import { readFile, stat } from 'node:fs/promises';

/** What a look at a document found; `version` is opaque and changes with the content. */
export type DocumentReading =
  | { readonly outcome: 'read'; readonly text: string; readonly version: string }
  | { readonly outcome: 'unchanged' }
  | { readonly outcome: 'missing' };

/** Reads a blob unless it still has the ETag that is known; throws when storage does not answer. */
export type ReadBlob = (container: string, name: string, knownETag: string | null) => Promise<DocumentReading>;

/** A place a document is read from, again and again. */
export interface DocumentPlace {
  /** For messages: the file, the blob or `inline JSON`. */
  readonly name: string;
  /** Pause between two looks; null when the document cannot change. */
  readonly pollMs: number | null;
  /** Looks at the document, given the version that is known. */
  read(knownVersion: string | null): Promise<DocumentReading>;
}

const filePollMs = 1000;
const blobPollMs = 10_000;

/** Finds out what a setting names: inline JSON, `blob:<container>/<name>`, or a file. Throws for a malformed blob name. */
export function locateDocument(setting: string, readBlob: ReadBlob): DocumentPlace {
  const text = setting.trim();
  if (text.startsWith('{')) return inlinePlace(text);
  return text.startsWith('blob:') ? blobPlace(text, readBlob) : filePlace(text);
}

function inlinePlace(text: string): DocumentPlace {
  return { name: 'inline JSON', pollMs: null, read: async () => ({ outcome: 'read', text, version: 'inline' }) };
}

function blobPlace(setting: string, readBlob: ReadBlob): DocumentPlace {
  const match = /^blob:([a-z0-9-]{3,63})\/(.{1,1024})$/.exec(setting);
  const [, container, name] = match ?? [];
  if (container === undefined || name === undefined) {
    throw new Error(`received "${setting.slice(0, 120)}", a blob is named blob:<container>/<name>`);
  }
  return { name: setting, pollMs: blobPollMs, read: (knownVersion) => readBlob(container, name, knownVersion) };
}

/** Polled by time and size: editors replace files, and a watch on the old one would hear nothing more. */
function filePlace(path: string): DocumentPlace {
  return {
    name: path,
    pollMs: filePollMs,
    async read(knownVersion) {
      try {
        const { mtimeMs, size, ino } = await stat(path);
        const version = `${mtimeMs}-${size}-${ino}`;
        if (version === knownVersion) return { outcome: 'unchanged' };
        return { outcome: 'read', text: await readFile(path, 'utf8'), version };
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { outcome: 'missing' };
        throw error;
      }
    },
  };
}
