import type { CapacityStore, PoolCommit, PoolRowChange, StoredPoolRow } from '../../capacity/capacity-store.ts';

/** A pool's rows in memory: the same contract as the table, with `now` as the store's clock. */
export class MemoryCapacityStore implements CapacityStore {
  readonly #pools = new Map<string, Map<string, StoredPoolRow>>();
  readonly #now: () => number;
  #writes = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  async readPool(model: string): Promise<readonly StoredPoolRow[]> {
    return [...this.#rows(model).values()].sort((left, right) => (left.key < right.key ? -1 : 1));
  }

  async commit(model: string, changes: readonly PoolRowChange[]): Promise<PoolCommit> {
    const rows = this.#rows(model);
    for (const change of changes) {
      if ((rows.get(change.key)?.version ?? null) !== change.version) return { outcome: 'lost' };
    }
    this.#writes += 1;
    for (const { key, text } of changes) {
      if (text === null) rows.delete(key);
      else rows.set(key, { key, text, version: String(this.#writes) });
    }
    return { outcome: 'committed', storeTimeMs: this.#now() };
  }

  #rows(model: string): Map<string, StoredPoolRow> {
    const known = this.#pools.get(model);
    if (known !== undefined) return known;
    const rows = new Map<string, StoredPoolRow>();
    this.#pools.set(model, rows);
    return rows;
  }
}
