import type { UsageRow } from '../../cost/usage-row.ts';
import type { UsageStore, UsageWindow } from '../../cost/usage-store.ts';
import type { Page } from '../../versioned.ts';
import type { StorageConnection } from '../azure-storage/connection.ts';
import type { StorageBounds } from '../azure-storage/storage-call.ts';
import { tableNames } from '../azure-storage/storage-names.ts';
import { BoundedTable } from './bounded-table.ts';
import { type ReportDamage, readRows } from './read-rows.ts';
import { invertMs, type KeyRange, rangeOfPrefix } from './row-key.ts';
import { readUsage } from './team-rows.ts';

export interface TableUsageStoreOptions {
  readonly connection: StorageConnection;
  readonly reportDamage: ReportDamage;
  readonly bounds?: StorageBounds;
  /** Rows per page; at most 1,000. */
  readonly pageSize?: number;
}

const prefix = 'usage|';

/** Usage in the table `teams`: keys sort newest first over all months, so a window and the newest rows are one range each. */
export class TableUsageStore implements UsageStore {
  readonly #table: BoundedTable;
  readonly #reportDamage: ReportDamage;
  readonly #pageSize: number;

  constructor(options: TableUsageStoreOptions) {
    this.#table = new BoundedTable(options.connection, tableNames.teams, options.bounds);
    this.#reportDamage = options.reportDamage;
    this.#pageSize = options.pageSize ?? 1000;
  }

  async list(team: string, window: UsageWindow, after: string | null): Promise<Page<UsageRow>> {
    const range = rangeOfWindow(window, after);
    if (range.from >= range.to) return { items: [], next: null };
    for await (const { rows, isLast } of this.#table.pages({ partitionKey: team, range }, this.#pageSize)) {
      const last = rows.at(-1);
      if (last === undefined) continue;
      const items = readRows(rows, readUsage, this.#reportDamage);
      return { items, next: isLast ? null : last.rowKey.slice(prefix.length) };
    }
    return { items: [], next: null };
  }

  async newest(team: string, limit: number): Promise<readonly UsageRow[]> {
    const newest: UsageRow[] = [];
    if (limit <= 0) return newest;
    for await (const { rows } of this.#table.pages({ partitionKey: team, range: rangeOfPrefix(prefix) }, limit)) {
      newest.push(...readRows(rows, readUsage, this.#reportDamage));
      if (newest.length >= limit) break;
    }
    return newest.slice(0, limit);
  }

  async removeBefore(team: string, beforeMs: number): Promise<number> {
    const range = rangeOfWindow({ fromMs: 0, toMs: beforeMs }, null);
    if (range.from >= range.to) return 0;
    let removed = 0;
    for await (const { rows } of this.#table.pages({ partitionKey: team, range, select: ['RowKey'] }, rowsPerRemoval)) {
      const keys = rows.map(({ rowKey }) => rowKey);
      if (keys.length > 0) await this.#table.removeAll(team, keys);
      removed += keys.length;
      if (removed >= mostRemoved) break;
    }
    return removed;
  }
}

/** A transaction holds 100 rows. */
const rowsPerRemoval = 100;
/** Ten transactions, one after the other: well under a second. */
const mostRemoved = 1000;

/** Key range of [fromMs, toMs), continued behind the key suffix `after`; empty when the window is. */
export function rangeOfWindow(window: UsageWindow, after: string | null): KeyRange {
  const { fromMs, toMs } = window;
  // A row of time t has the key of invertMs(t), which falls as t rises: toMs itself is out, fromMs is in.
  if (!(Math.ceil(toMs) > Math.ceil(fromMs)) || toMs <= 0) return { from: prefix, to: prefix };
  const from = `${prefix}${invertMs(clampMs(Math.ceil(toMs) - 1))}`;
  const to = rangeOfPrefix(`${prefix}${invertMs(clampMs(Math.ceil(fromMs)))}|`).to;
  return { from: after === null ? from : rangeOfPrefix(prefix, `${prefix}${after}`).from, to };
}

function clampMs(ms: number): number {
  return Math.min(Math.max(ms, 0), 9_999_999_999_999);
}
