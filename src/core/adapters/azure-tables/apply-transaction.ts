import type { ApplyResult } from '../../jobs/job-store.ts';
import { readStorageFailure } from '../azure-storage/storage-call.ts';
import { type BoundedTable, readRow } from './bounded-table.ts';
import { nonceColumn, type PlannedRow } from './plan-transaction.ts';
import type { StoredRow } from './row-columns.ts';

/** A planned transaction of one team with the nonce that its rows carry. */
export interface PlannedTransaction {
  readonly team: string;
  readonly rows: readonly PlannedRow[];
  readonly changeCount: number;
  readonly nonce: string;
}

type Rejection = Extract<ApplyResult, { outcome: 'rejected' }>;

// A version that no row has: the row was ours and somebody has changed it since, so a write under this version is lost.
const supersededVersion = 'W/"datetime\'1601-01-01T00%3A00%3A00.0000000Z\'"';

/** Submits the transaction. A conflict after a try without an answer is settled by reading our own rows back. */
export function applyTransaction(table: BoundedTable, transaction: PlannedTransaction): Promise<ApplyResult> {
  return table.call('apply', async (client, attempt) => {
    try {
      const etags = await table.submit(
        transaction.rows.map((row) => row.action),
        attempt,
      );
      return describeApplied(transaction, etags);
    } catch (error) {
      const rejection = readRejection(transaction.rows, error);
      if (rejection === null) throw error;
      if (!attempt.mayHaveApplied) return rejection;
      const rows = await readBack((rowKey) => readRow(client, transaction.team, rowKey, attempt.signal), transaction);
      return rows === null ? rejection : describeApplied(transaction, rows);
    }
  });
}

/** Reads which row a failed transaction stumbled over; null when the failure is no conflict. */
export function readRejection(rows: readonly PlannedRow[], error: unknown): Rejection | null {
  const failure = readStorageFailure(error);
  if (failure !== 'missing' && failure !== 'duplicate' && failure !== 'lost') return null;
  // The service puts the index of the action before its message: `3:The specified entity already exists.`
  const index = error instanceof Error ? /^(\d+):/.exec(error.message)?.[1] : undefined;
  const row = index === undefined ? onlyRow(rows) : rows[Number(index)];
  if (row === undefined) return null;
  const isDuplicate = failure === 'duplicate' && row.owner !== 'budget';
  return { outcome: 'rejected', at: row.owner, reason: isDuplicate ? 'duplicate' : 'lost' };
}

function onlyRow(rows: readonly PlannedRow[]): PlannedRow | undefined {
  return rows.length === 1 ? rows[0] : undefined;
}

/** Versions of our rows if any of them carries our nonce (then all were written), null if none does. */
async function readBack(
  read: (rowKey: string) => Promise<StoredRow | null>,
  transaction: PlannedTransaction,
): Promise<readonly (string | null)[] | null> {
  const stored = await Promise.all(transaction.rows.map((row) => (row.isDeletion ? null : read(row.rowKey))));
  const isOurs = (row: StoredRow | null) => row?.columns[nonceColumn] === transaction.nonce;
  if (!stored.some(isOurs)) return null;
  return stored.map((row) => (row !== null && isOurs(row) ? row.etag : supersededVersion));
}

function describeApplied(transaction: PlannedTransaction, etags: readonly (string | null)[]): ApplyResult {
  const versions = new Array<string | null>(transaction.changeCount).fill(null);
  let budgetVersion: string | null = null;
  for (const [index, row] of transaction.rows.entries()) {
    if (!row.isVersioned) continue;
    const etag = etags[index] ?? supersededVersion;
    if (row.owner === 'budget') budgetVersion = etag;
    else versions[row.owner] = etag;
  }
  return { outcome: 'applied', versions, budgetVersion };
}
