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

/** A row written by a newer version of Weir: leave it alone and put its message back for a newer worker. */
export class NewerRowError extends Error {
  readonly rowVersion: number;

  constructor(key: string, rowVersion: number) {
    super(`Row ${key} is of version ${rowVersion}, which this version of Weir does not know.`);
    this.name = 'NewerRowError';
    this.rowVersion = rowVersion;
  }
}

/** A row that cannot be read as what it should be, e.g. edited by hand. The message names columns, never values. */
export class DamagedRowError extends Error {
  readonly key: string;

  constructor(key: string, problem: string) {
    super(`Row ${key} is damaged: ${problem}.`);
    this.name = 'DamagedRowError';
    this.key = key;
  }
}
