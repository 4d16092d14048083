import type { LiveJobStore, LivePage } from '../../jobs/job-store.ts';
import { DamagedRowError } from '../../versioned.ts';
import type { StorageConnection } from '../azure-storage/connection.ts';
import type { StorageBounds } from '../azure-storage/storage-call.ts';
import { tableNames } from '../azure-storage/storage-names.ts';
import { BoundedTable } from './bounded-table.ts';
import { type ReportDamage, readRows } from './read-rows.ts';
import { rowVersion, type StoredRow } from './row-columns.ts';
import { isKey, rangeOfPrefix, rowKeys, teamListPartition } from './row-key.ts';
import { readLive } from './team-rows.ts';

export interface TableLiveJobStoreOptions {
  readonly connection: StorageConnection;
  readonly reportDamage: ReportDamage;
  readonly bounds?: StorageBounds;
  /** Live rows per page; at most 1,000. */
  readonly pageSize?: number;
}

/** All acceptances of all teams share one partition here: a row a minute, and one deleted by hand comes back. */
const rememberTeamMs = 60_000;

// Every key that a team id can be; ids are ASCII. `~probe`, which pays for probes, sorts behind all others.
const allTeams = { from: ' ', to: '\x7f' };

/** What the sweep walks, in the table `teams`: the list of teams and each team's live rows. */
export class TableLiveJobStore implements LiveJobStore {
  readonly #table: BoundedTable;
  readonly #reportDamage: ReportDamage;
  readonly #pageSize: number;
  /** Until when (of `performance.now()`) this process takes a team's row for granted. */
  readonly #registeredUntilMs = new Map<string, number>();

  constructor(options: TableLiveJobStoreOptions) {
    this.#table = new BoundedTable(options.connection, tableNames.teams, options.bounds);
    this.#reportDamage = options.reportDamage;
    this.#pageSize = options.pageSize ?? 500;
  }

  async registerTeam(team: string): Promise<void> {
    if (!isKey(team)) throw new RangeError(`Not a key: ${team}.`);
    const nowMs = performance.now();
    if (nowMs < (this.#registeredUntilMs.get(team) ?? 0)) return;
    await this.#table.put(teamListPartition, team, { v: rowVersion });
    this.#registeredUntilMs.set(team, nowMs + rememberTeamMs);
  }

  async listTeams(): Promise<readonly string[]> {
    const teams: string[] = [];
    for await (const { rows } of this.#table.pages({ partitionKey: teamListPartition, range: allTeams }, 1000)) {
      teams.push(...rows.map((row) => row.rowKey));
    }
    return teams;
  }

  async listLive(team: string, after: string | null): Promise<LivePage> {
    const prefix = rowKeys.live('');
    const range = rangeOfPrefix(prefix, after === null ? null : rowKeys.live(after));
    // The page is cut here, by key: a page of the service may be short while more rows follow.
    for await (const { rows, isLast } of this.#table.pages({ partitionKey: team, range }, this.#pageSize)) {
      const last = rows.at(-1);
      if (last === undefined) continue;
      const damaged: string[] = [];
      const read = (row: StoredRow) => {
        try {
          return { value: readLive(row), version: row.etag };
        } catch (error) {
          if (error instanceof DamagedRowError) damaged.push(row.rowKey.slice(prefix.length));
          throw error;
        }
      };
      const items = readRows(rows, read, this.#reportDamage);
      return { items, damaged, next: isLast ? null : last.rowKey.slice(prefix.length) };
    }
    return { items: [], damaged: [], next: null };
  }
}
