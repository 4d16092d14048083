import type { Budget } from '../../budgets/budget.ts';
import type { Job } from '../../jobs/job.ts';
import { jobTimeMs, oldestJobIdAfter } from '../../jobs/job-id.ts';
import type { LiveJob } from '../../jobs/live-job.ts';
import type { Found, RepairStore } from '../../jobs/repair-store.ts';
import { DamagedRowError, NewerRowError, type Page } from '../../versioned.ts';
import type { StorageConnection } from '../azure-storage/connection.ts';
import type { StorageBounds } from '../azure-storage/storage-call.ts';
import { tableNames } from '../azure-storage/storage-names.ts';
import { BoundedTable } from './bounded-table.ts';
import type { StoredRow } from './row-columns.ts';
import { rangeOfPrefix, rowKeys } from './row-key.ts';
import { liveStatus, readBudget, readIdempotencyKey, readJob, readLive } from './team-rows.ts';

export interface TableRepairStoreOptions {
  readonly connection: StorageConnection;
  readonly bounds?: StorageBounds;
  /** Rows per page; at most 1,000. */
  readonly pageSize?: number;
}

/** The rows of the table `teams` as they lie, damaged ones too. */
export class TableRepairStore implements RepairStore {
  readonly #table: BoundedTable;
  readonly #pageSize: number;

  constructor(options: TableRepairStoreOptions) {
    this.#table = new BoundedTable(options.connection, tableNames.teams, options.bounds);
    this.#pageSize = options.pageSize ?? 1000;
  }

  findJob(team: string, id: string): Promise<Found<Job>> {
    return this.#find(team, rowKeys.job(id), readJob);
  }

  findLive(team: string, id: string): Promise<Found<LiveJob>> {
    return this.#find(team, rowKeys.live(id), readLive);
  }

  findBudget(team: string, period: string): Promise<Found<Budget>> {
    return this.#find(team, rowKeys.budget(period), readBudget);
  }

  async listOpen(team: string, createdSinceMs: number, after: string | null): Promise<Page<string>> {
    const prefix = rowKeys.job('');
    const { from } = rangeOfPrefix(prefix, after === null ? null : rowKeys.job(after));
    const range = { from, to: rowKeys.job(oldestJobIdAfter(createdSinceMs)) };
    if (range.from >= range.to) return { items: [], next: null };
    const query = { partitionKey: team, range, condition: `status eq '${liveStatus}'`, select: ['RowKey'] };
    // The condition is the service's: a page may be empty while more follow.
    for await (const { rows, isLast } of this.#table.pages(query, this.#pageSize)) {
      const ids = rows.map(({ rowKey }) => rowKey.slice(prefix.length));
      const last = ids.at(-1);
      if (last === undefined) continue;
      return { items: ids.filter((id) => jobTimeMs(id) !== null), next: isLast ? null : last };
    }
    return { items: [], next: null };
  }

  async freeKey(team: string, keySha256: string, jobId: string | null): Promise<void> {
    const rowKey = rowKeys.idempotency(keySha256);
    const row = await this.#table.read(team, rowKey);
    if (row === null) return;
    const owner = readFound(row, readIdempotencyKey);
    const isFree = owner.kind === 'damaged' || (owner.kind === 'read' && owner.value === jobId);
    if (isFree) await this.#table.remove(team, rowKey, row.etag);
  }

  async #find<T>(team: string, rowKey: string, read: (row: StoredRow) => T): Promise<Found<T>> {
    const row = await this.#table.read(team, rowKey);
    return row === null ? { kind: 'absent' } : readFound(row, read);
  }
}

function readFound<T>(row: StoredRow, read: (row: StoredRow) => T): Found<T> {
  try {
    return { kind: 'read', value: read(row), version: row.etag };
  } catch (error) {
    if (error instanceof NewerRowError) return { kind: 'newer' };
    if (error instanceof DamagedRowError) return { kind: 'damaged', version: row.etag };
    throw error;
  }
}
