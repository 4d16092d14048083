/** One row of a pool as the store holds it: text that `pool-rows.ts` understands, and the version a write has to name. */
export interface StoredPoolRow {
  readonly key: string;
  readonly text: string;
  readonly version: string;
}

/** A row as it shall be, or none any more (`text` null); `version` is the one read, null when the row must not exist yet. */
export interface PoolRowChange {
  readonly key: string;
  readonly text: string | null;
  readonly version: string | null;
}

/** Every row happened, or none did. `storeTimeMs` is the store's own clock at the write, null where it does not tell. */
export type PoolCommit =
  | { readonly outcome: 'committed'; readonly storeTimeMs: number | null }
  /** Somebody else changed one of the rows since it was read. */
  | { readonly outcome: 'lost' }
  /** A first try got no answer and the rows have moved on: the line's trail tells whether it was by this commit. */
  | { readonly outcome: 'unclear' };

/** Most rows that one commit may change; a pool's deployments, its line and the teams of one batch fit. */
export const mostRowsPerCommit = 100;

/**
 * Port: a pool's shared rows, read in one request and written in one conditional transaction.
 * Throws StorageUnavailableError when the store does not answer.
 */
export interface CapacityStore {
  readPool(model: string): Promise<readonly StoredPoolRow[]>;
  commit(model: string, changes: readonly PoolRowChange[]): Promise<PoolCommit>;
}
