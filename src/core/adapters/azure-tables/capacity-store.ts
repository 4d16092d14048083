import type { TransactionAction } from '@azure/data-tables';
import {
  type CapacityStore,
  mostRowsPerCommit,
  type PoolCommit,
  type PoolRowChange,
  type StoredPoolRow,
} from '../../capacity/capacity-store.ts';
import type { Random } from '../../random.ts';
import { deletionMarker } from '../azure-storage/conditional-deletion.ts';
import type { StorageConnection } from '../azure-storage/connection.ts';
import { readStorageFailure, type StorageBounds, type StorageTry } from '../azure-storage/storage-call.ts';
import { tableNames } from '../azure-storage/storage-names.ts';
import { BoundedTable, readRow } from './bounded-table.ts';
import { assertRowFits, type Columns, type StoredRow } from './row-columns.ts';
import { readStoreTime } from './store-time.ts';

export interface TableCapacityStoreOptions {
  readonly connection: StorageConnection;
  readonly random: Random;
  readonly bounds?: StorageBounds;
}

/** Characters of one text column, with room to spare under the service's 32,768. */
const CHUNK = 30_000;
/** Keys begin with `deployment|`, `line` or `team|`. */
const everyRow = { from: 'deployment', to: 'u' };

/** The table `capacity`: a partition per pool, one query to read it and one transaction to change it. */
export class TableCapacityStore implements CapacityStore {
  readonly #table: BoundedTable;
  readonly #random: Random;

  constructor(options: TableCapacityStoreOptions) {
    this.#table = new BoundedTable(options.connection, tableNames.capacity, options.bounds);
    this.#random = options.random;
  }

  async readPool(model: string): Promise<readonly StoredPoolRow[]> {
    const found: StoredPoolRow[] = [];
    for await (const { rows } of this.#table.pages({ partitionKey: model, range: everyRow }, 1000)) {
      for (const row of rows) found.push({ key: row.rowKey, text: joinText(row), version: row.etag });
    }
    return found;
  }

  async commit(model: string, changes: readonly PoolRowChange[]): Promise<PoolCommit> {
    if (changes.length > mostRowsPerCommit)
      throw new RangeError(`${changes.length} rows, a transaction holds ${mostRowsPerCommit}.`);
    if (changes.length === 0) return { outcome: 'committed', storeTimeMs: null };
    const nonce = this.#random.hex(8);
    const actions = changes.map((change) => toAction(model, change, nonce));
    return this.#table.call('commit', (client, attempt) => {
      const readBack = (key: string) => readRow(client, model, key, attempt.signal);
      return this.#submit({ actions, nonce, key: changes[0]?.key ?? '' }, attempt, readBack);
    });
  }

  async #submit(
    transaction: { actions: readonly TransactionAction[]; nonce: string; key: string },
    attempt: StorageTry,
    readBack: (key: string) => Promise<StoredRow | null>,
  ): Promise<PoolCommit> {
    try {
      const etags = await this.#table.submit(transaction.actions, attempt);
      return { outcome: 'committed', storeTimeMs: readStoreTime(etags[0] ?? null) };
    } catch (error) {
      const failure = readStorageFailure(error);
      if (failure !== 'missing' && failure !== 'duplicate' && failure !== 'lost') throw error;
      if (!attempt.mayHaveApplied) return { outcome: 'lost' };
      // An earlier try got no answer: what it met may be its own work.
      const row = await readBack(transaction.key);
      return row?.columns['nonce'] === transaction.nonce
        ? { outcome: 'committed', storeTimeMs: readStoreTime(row.etag) }
        : { outcome: 'unclear' };
    }
  }
}

function toAction(model: string, change: PoolRowChange, nonce: string): TransactionAction {
  if (change.text === null) {
    const marked = { partitionKey: model, rowKey: change.key, [deletionMarker]: true };
    return ['update', marked, 'Merge', { etag: change.version ?? '*' }];
  }
  const columns: Columns = { nonce, ...splitText(change.text) };
  assertRowFits(model, change.key, columns);
  const entity = { partitionKey: model, rowKey: change.key, ...columns };
  return change.version === null ? ['create', entity] : ['update', entity, 'Replace', { etag: change.version }];
}

function splitText(text: string): Record<string, string> {
  const columns: Record<string, string> = {};
  for (let part = 0; part * CHUNK < text.length || part === 0; part += 1) {
    columns[`t${part}`] = text.slice(part * CHUNK, (part + 1) * CHUNK);
  }
  return columns;
}

function joinText(row: StoredRow): string {
  let text = '';
  for (let part = 0; ; part += 1) {
    const column = row.columns[`t${part}`];
    if (typeof column !== 'string') return text;
    text += column;
  }
}
