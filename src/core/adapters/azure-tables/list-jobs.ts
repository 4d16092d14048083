import type { Job, JobStatus } from '../../jobs/job.ts';
import type { JobPage, JobQuery } from '../../jobs/job-store.ts';
import { DamagedRowError } from '../../versioned.ts';
import type { BoundedTable } from './bounded-table.ts';
import { type ReportDamage, readRows } from './read-rows.ts';
import type { StoredRow } from './row-columns.ts';
import { rangeOfPrefix, rowKeys } from './row-key.ts';
import { liveStatus, readJob } from './team-rows.ts';

interface RowRead {
  readonly rows: readonly StoredRow[];
}

/** Jobs of a team newest first, exactly `limit` of them if there are so many; `next` is the last id while more follow. */
export async function listJobs(
  table: BoundedTable,
  team: string,
  query: JobQuery,
  reportDamage: ReportDamage,
): Promise<JobPage> {
  // One more than asked for tells whether there is a next page.
  const wanted = query.limit + 1;
  const found: Job[] = [];
  const damaged: string[] = [];
  const read = (row: StoredRow) => {
    try {
      return readJob(row);
    } catch (error) {
      if (error instanceof DamagedRowError) damaged.push(row.rowKey.slice(rowKeys.job('').length));
      throw error;
    }
  };
  for await (const { rows } of findRows(table, team, query, wanted)) {
    found.push(...readRows(rows, read, reportDamage));
    if (found.length >= wanted) break;
  }
  const items = found.slice(0, query.limit);
  return { items, damaged, next: found.length > query.limit ? (items.at(-1)?.id ?? null) : null };
}

function findRows(table: BoundedTable, team: string, query: JobQuery, wanted: number): AsyncGenerator<RowRead> {
  const after = query.after === null ? null : rowKeys.job(query.after);
  const range = rangeOfPrefix(rowKeys.job(''), after);
  if (query.status === null) return table.pages({ partitionKey: team, range }, wanted);
  if (query.status === 'queued' || query.status === 'running') return findLiveRows(table, team, query, wanted);
  return table.pages({ partitionKey: team, range, condition: `status eq '${query.status}'` }, wanted);
}

/** Rows of jobs that have not ended, by their live rows: each page of those is looked up in one range of job rows. */
async function* findLiveRows(
  table: BoundedTable,
  team: string,
  query: JobQuery,
  wanted: number,
): AsyncGenerator<RowRead> {
  for await (const ids of findLiveIds(table, team, query.status, query.after, wanted)) {
    const first = ids[0];
    const last = ids.at(-1);
    if (first === undefined || last === undefined) continue;
    const range = { from: rowKeys.job(first), to: rangeOfPrefix(rowKeys.job(last)).to };
    const keys = new Set(ids.map(rowKeys.job));
    const condition = `status eq '${liveStatus}'`;
    for await (const { rows } of table.pages({ partitionKey: team, range, condition }, 1000)) {
      // A job that has ended since its live row was read is left out: it has another status now.
      yield { rows: rows.filter((row) => keys.has(row.rowKey)) };
    }
  }
}

async function* findLiveIds(
  table: BoundedTable,
  team: string,
  state: JobStatus | null,
  after: string | null,
  wanted: number,
): AsyncGenerator<readonly string[]> {
  const range = rangeOfPrefix(rowKeys.live(''), after === null ? null : rowKeys.live(after));
  const query = { partitionKey: team, range, condition: `state eq '${state}'`, select: ['PartitionKey', 'RowKey'] };
  for await (const { rows } of table.pages(query, wanted)) {
    yield rows.map((row) => row.rowKey.slice(rowKeys.live('').length));
  }
}
