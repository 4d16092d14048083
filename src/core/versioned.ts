/** A row as it was read: the version is what a conditional write has to name, opaque to everyone but the store. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: string;
}

/** One page of a listing; `next` is null on the last page and otherwise what the following call passes as `after`. */
export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | null;
}
