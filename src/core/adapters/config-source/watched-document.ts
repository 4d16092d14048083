import { StorageUnavailableError } from '../../http/weir-error.ts';
import type { DocumentPlace } from './read-document.ts';

/** What became of a document since the last look. */
export type DocumentChange<T> =
  | { readonly outcome: 'changed'; readonly value: T }
  | { readonly outcome: 'unchanged' }
  /** `isNew` is false when this very failure has been told before. */
  | { readonly outcome: 'failed'; readonly message: string; readonly isNew: boolean };

export type Parse<T> = (text: string | null) => { readonly value: T } | { readonly message: string };

/** Stands for the version of a document that is not there; no file or ETag looks like it. */
const missingVersion = '(missing)';

/**
 * A document that is parsed when its version changes. A version that was refused is not parsed again: each look at it fails
 * with the same message, told before.
 */
export class WatchedDocument<T> {
  readonly #place: DocumentPlace;
  readonly #parse: Parse<T>;
  #version: string | null = null;
  /** Why the version that is known was refused; null when it was taken. */
  #refusal: string | null = null;
  /** The failure that was told last; null since a look that found the document well. */
  #failure: string | null = null;

  /** `parse` gets null when the document is missing. */
  constructor(place: DocumentPlace, parse: Parse<T>) {
    this.#place = place;
    this.#parse = parse;
  }

  get pollMs(): number | null {
    return this.#place.pollMs;
  }

  async look(): Promise<DocumentChange<T>> {
    try {
      const reading = await this.#place.read(this.#version === missingVersion ? null : this.#version);
      const version = reading.outcome === 'read' ? reading.version : missingVersion;
      if (reading.outcome === 'unchanged' || version === this.#version) {
        this.#failure = this.#refusal;
        return this.#refusal === null
          ? { outcome: 'unchanged' }
          : { outcome: 'failed', message: this.#refusal, isNew: false };
      }
      this.#version = version;
      return this.#judge(reading.outcome === 'read' ? reading.text : null);
    } catch (error) {
      return this.#fail(`could not be read: ${describe(error)}`);
    }
  }

  #judge(text: string | null): DocumentChange<T> {
    const parsed = this.#parse(text);
    if ('message' in parsed) {
      const change = this.#fail(parsed.message);
      this.#refusal = change.message;
      return change;
    }
    this.#refusal = null;
    this.#failure = null;
    return { outcome: 'changed', value: parsed.value };
  }

  #fail(problem: string): Extract<DocumentChange<T>, { outcome: 'failed' }> {
    const message = `${this.#place.name}: ${problem}`;
    const isNew = message !== this.#failure;
    this.#failure = message;
    return { outcome: 'failed', message, isNew };
  }
}

function describe(error: unknown): string {
  if (error instanceof StorageUnavailableError) return error.report;
  return error instanceof Error ? error.message : 'unknown failure';
}
