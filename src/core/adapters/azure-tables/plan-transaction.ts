import type { TransactionAction } from '@azure/data-tables';
import type { BudgetChange, TeamChange } from '../../jobs/job-store.ts';
import { deletionMarker } from '../azure-storage/conditional-deletion.ts';
import { assertRowFits, type Columns } from './row-columns.ts';
import { isKey, rowKeys } from './row-key.ts';
import { writeBudget, writeIdempotencyKey, writeJob, writeJobEnd, writeLive, writeUsage } from './team-rows.ts';

/** One row of a transaction: whose it is, and whether its new version is the one that the owner will name next. */
export interface PlannedRow {
  readonly action: TransactionAction;
  readonly rowKey: string;
  readonly owner: number | 'budget';
  readonly isVersioned: boolean;
  readonly isDeletion: boolean;
}

/** Rows that one entity-group transaction holds. */
const rowsPerTransaction = 100;

/** Column that tells which apply() wrote a row: it settles whether a write without an answer was ours. */
export const nonceColumn = 'nonce';

/**
 * Lays out the rows of one apply(). In each change the row that fences it comes first, so that a conflict is reported as the lost
 * version it is; the budget comes last. Throws for more rows than a transaction holds and for rows that do not fit.
 */
export function planTransaction(
  team: string,
  changes: readonly TeamChange[],
  budget: BudgetChange | null,
  nonce: string,
): readonly PlannedRow[] {
  const rows = changes.flatMap((change, owner) => planChange(team, change, owner, nonce));
  const all = budget === null ? rows : [...rows, planBudget(team, budget, nonce)];
  if (all.length > rowsPerTransaction) {
    throw new RangeError(`${all.length} rows in one transaction, it holds ${rowsPerTransaction}: apply fewer changes.`);
  }
  return all;
}

function planChange(team: string, change: TeamChange, owner: number, nonce: string): PlannedRow[] {
  const plan = (action: TransactionAction, isVersioned = false, isDeletion = false): PlannedRow => ({
    action,
    rowKey: String(action[1].rowKey),
    owner,
    isVersioned,
    isDeletion,
  });
  const create = (rowKey: string, columns: Columns, isVersioned = false) =>
    plan(['create', entity(team, rowKey, columns, nonce)], isVersioned);
  switch (change.kind) {
    case 'accept': {
      const { job, live } = change;
      const key = job.idempotencyKeySha256;
      return [
        ...(key === null ? [] : [create(rowKeys.idempotency(key), writeIdempotencyKey(job.id))]),
        create(rowKeys.job(job.id), writeJob(job)),
        create(rowKeys.live(live.id), writeLive(live), true),
      ];
    }
    case 'advance': {
      const { live, version } = change;
      const row = entity(team, rowKeys.live(live.id), writeLive(live), nonce);
      return [plan(['update', row, 'Replace', { etag: version }], true), ...planUsage(change, create)];
    }
    case 'end': {
      const { job, version } = change;
      if (job.end === null) throw new RangeError(`Job ${job.id} is to end, but has no end.`);
      const live = { partitionKey: team, rowKey: rowKeys.live(job.id), [deletionMarker]: true };
      // The live row's version is the fence; the job's own row is written by nobody else meanwhile.
      const fence = plan(['update', live, 'Merge', { etag: version }], false, true);
      if (change.erase !== undefined) {
        const { keySha256 } = change.erase;
        const erased = [rowKeys.job(job.id), ...(keySha256 === null ? [] : [rowKeys.idempotency(keySha256)])];
        const deletions = erased.map((rowKey) => plan(['delete', { partitionKey: team, rowKey }], false, true));
        return [fence, ...deletions, ...planUsage(change, create)];
      }
      const end = entity(team, rowKeys.job(job.id), writeJobEnd(job.end), nonce);
      return [fence, plan(['update', end, 'Merge', { etag: '*' }]), ...planUsage(change, create)];
    }
    case 'bury': {
      const { job, jobVersion, liveVersion } = change;
      const live = { partitionKey: team, rowKey: rowKeys.live(job.id), [deletionMarker]: true };
      const fence = liveVersion === null ? [] : [plan(['update', live, 'Merge', { etag: liveVersion }], false, true)];
      const row = entity(team, rowKeys.job(job.id), writeJob(job), nonce);
      const whole = plan(jobVersion === null ? ['create', row] : ['update', row, 'Replace', { etag: jobVersion }]);
      return [...fence, whole, ...planUsage(change, create)];
    }
  }
}

function planUsage(
  change: Exclude<TeamChange, { kind: 'accept' }>,
  create: (rowKey: string, columns: Columns) => PlannedRow,
): PlannedRow[] {
  return change.usage.map((row) => create(rowKeys.usage(row.atMs, row.jobId, row.attempt), writeUsage(row)));
}

function planBudget(team: string, change: BudgetChange, nonce: string): PlannedRow {
  const rowKey = rowKeys.budget(change.budget.period);
  const row = entity(team, rowKey, writeBudget(change.budget), nonce);
  const action: TransactionAction =
    change.version === null ? ['create', row] : ['update', row, 'Replace', { etag: change.version }];
  return { action, rowKey, owner: 'budget', isVersioned: true, isDeletion: false };
}

function entity(partitionKey: string, rowKey: string, columns: Columns, nonce: string) {
  if (!isKey(partitionKey) || !isKey(rowKey)) throw new RangeError(`Not a key: ${partitionKey}/${rowKey}.`);
  const all = { ...columns, [nonceColumn]: nonce };
  assertRowFits(partitionKey, rowKey, all);
  return { partitionKey, rowKey, ...all };
}
