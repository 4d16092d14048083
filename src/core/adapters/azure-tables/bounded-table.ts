import type { TableClient, TableEntityResult, TransactionAction } from '@azure/data-tables';
import type { StorageConnection } from '../azure-storage/connection.ts';
import {
  callStorage,
  readStorageFailure,
  type StorageBounds,
  type StorageTry,
  storageBounds,
} from '../azure-storage/storage-call.ts';
import type { Columns, StoredRow } from './row-columns.ts';
import { filterRange, isKey, type KeyRange } from './row-key.ts';

/** A range of one partition, optionally filtered by an OData condition on columns. */
export interface RowQuery {
  readonly partitionKey: string;
  readonly range: KeyRange;
  readonly condition?: string;
  readonly select?: readonly string[];
}

/** Rows in key order; `isLast` is false while the service says that more may follow. */
export interface RowPage {
  readonly rows: readonly StoredRow[];
  readonly isLast: boolean;
}

/** A table whose every call is bounded in time; what fails throws StorageUnavailableError within a second or two. */
export class BoundedTable {
  readonly #connection: StorageConnection;
  readonly #name: string;
  readonly #bounds: StorageBounds;

  constructor(connection: StorageConnection, name: string, bounds: StorageBounds = storageBounds) {
    this.#connection = connection;
    this.#name = name;
    this.#bounds = bounds;
  }

  /** Runs `run` with the SDK's client within the bounds. */
  async call<T>(operation: string, run: (client: TableClient, attempt: StorageTry) => Promise<T>): Promise<T> {
    const client = await this.#connection.table(this.#name);
    return callStorage(`${operation} in table ${this.#name}`, this.#bounds, (attempt) => run(client, attempt));
  }

  /** The row, or null when it is absent (or its key is one that no row can have). */
  async read(partitionKey: string, rowKey: string): Promise<StoredRow | null> {
    if (!isKey(partitionKey) || !isKey(rowKey)) return null;
    return this.call('read', (client, { signal }) => readRow(client, partitionKey, rowKey, signal));
  }

  /** Writes the row whatever was there. */
  async put(partitionKey: string, rowKey: string, columns: Columns): Promise<void> {
    await this.call('write', (client, { signal }) =>
      client.upsertEntity({ partitionKey, rowKey, ...columns }, 'Replace', { abortSignal: signal }),
    );
  }

  /** Deletes the row if it still has this version (`*`: any); false when it is absent or another. */
  async remove(partitionKey: string, rowKey: string, etag: string): Promise<boolean> {
    return this.call('delete', async (client, { signal }) => {
      try {
        await client.deleteEntity(partitionKey, rowKey, { etag, abortSignal: signal });
        return true;
      } catch (error) {
        const failure = readStorageFailure(error);
        if (failure === 'missing' || failure === 'lost') return false;
        throw error;
      }
    });
  }

  /** Deletes up to 100 rows of a partition in one transaction; rows that somebody else deleted first are passed over. */
  async removeAll(partitionKey: string, rowKeys: readonly string[]): Promise<void> {
    try {
      await this.call('delete', (_client, attempt) =>
        this.submit(
          rowKeys.map((rowKey) => ['delete', { partitionKey, rowKey }]),
          attempt,
        ),
      );
    } catch (error) {
      if (readStorageFailure(error) !== 'missing') throw error;
      for (const rowKey of rowKeys) await this.remove(partitionKey, rowKey, '*');
    }
  }

  /** Rows of a range in key order, page by page of at most `pageSize` rows; a page may be short or empty. */
  async *pages(query: RowQuery, pageSize: number): AsyncGenerator<RowPage> {
    let continuationToken: string | undefined;
    do {
      const page = await this.call('list', async (client, { signal }) => {
        const pages = client
          .listEntities({
            queryOptions: {
              filter: filterRange(query.partitionKey, query.range, query.condition ?? null),
              ...(query.select ? { select: [...query.select] } : {}),
            },
            abortSignal: signal,
          })
          .byPage({ maxPageSize: Math.min(Math.max(pageSize, 1), 1000), continuationToken });
        const next = await pages.next();
        return next.done ? null : { rows: next.value.map(toRow), token: next.value.continuationToken };
      });
      if (page === null) return;
      continuationToken = page.token;
      yield { rows: page.rows, isLast: !continuationToken };
    } while (continuationToken);
  }

  /** Runs the actions in one transaction; errors come as the SDK throws them, unavailability as StorageUnavailableError. */
  async submit(actions: readonly TransactionAction[], attempt: StorageTry): Promise<readonly (string | null)[]> {
    const client = await this.#connection.table(this.#name);
    const response = await client.submitTransaction([...actions], { abortSignal: attempt.signal });
    return response.subResponses.map((part) => part.etag?.trim() ?? null);
  }
}

/** Reads one row with a client at hand; null when it is absent. */
export async function readRow(
  client: TableClient,
  partitionKey: string,
  rowKey: string,
  signal: AbortSignal,
): Promise<StoredRow | null> {
  try {
    return toRow(await client.getEntity(partitionKey, rowKey, { abortSignal: signal }));
  } catch (error) {
    if (readStorageFailure(error) === 'missing') return null;
    throw error;
  }
}

function toRow(entity: TableEntityResult<Record<string, unknown>>): StoredRow {
  const { partitionKey, rowKey, etag, timestamp: _timestamp, ...columns } = entity;
  return { partitionKey: partitionKey ?? '', rowKey: rowKey ?? '', etag, columns };
}
