import type { Budget } from '../../budgets/budget.ts';
import type { UsageRow } from '../../cost/usage-row.ts';
import type { Job, JobEnd } from '../../jobs/job.ts';
import type { LiveJob } from '../../jobs/live-job.ts';
import { DamagedRowError } from '../../versioned.ts';
import { type Columns, readJson, rowVersion, type StoredRow, writeJson } from './row-columns.ts';
import { rowKeys } from './row-key.ts';
import { isAcceptedJob, isBudget, isJobEnd, isLiveJob, isUsageRow } from './row-shapes.ts';

/** `status` of a job row whose job has not ended; the live row says whether it is queued or running. */
export const liveStatus = 'live';

/** Columns of an accepted job; the end is written beside them later, so that a commit does not send the request again. */
export function writeJob(job: Job): Columns {
  const { end, ...accepted } = job;
  const columns = { v: rowVersion, lane: job.lane, status: liveStatus, ...writeJson('job', accepted) };
  return end === null ? columns : { ...columns, ...writeJobEnd(end) };
}

/** Columns that a job's end adds. */
export function writeJobEnd(end: JobEnd): Columns {
  return { v: rowVersion, status: end.status, ...writeJson('end', end) };
}

export function readJob(row: StoredRow): Job {
  const accepted = requireOwn(row, rowKeys.job, readJson(row, 'job', isAcceptedJob));
  const end = row.columns['status'] === liveStatus ? null : readJson(row, 'end', isJobEnd);
  return { ...accepted, end };
}

/** Columns of a live row; `state` is its own column so that a listing can filter. */
export function writeLive(live: LiveJob): Columns {
  return { v: rowVersion, lane: live.lane, state: live.state, ...writeJson('live', live) };
}

export function readLive(row: StoredRow): LiveJob {
  return requireOwn(row, rowKeys.live, readJson(row, 'live', isLiveJob));
}

/** What was copied to another key by hand must not pass for the row of that key. */
function requireOwn<T extends { readonly team: string; readonly id: string }>(
  row: StoredRow,
  keyOf: (id: string) => string,
  value: T,
): T {
  if (value.team === row.partitionKey && keyOf(value.id) === row.rowKey) return value;
  throw new DamagedRowError(`${row.partitionKey}/${row.rowKey}`, 'it holds what belongs to another key');
}

export function writeBudget(budget: Budget): Columns {
  return { v: rowVersion, ...writeJson('budget', budget) };
}

export function readBudget(row: StoredRow): Budget {
  return readJson(row, 'budget', isBudget);
}

export function writeUsage(usage: UsageRow): Columns {
  return { v: rowVersion, ...writeJson('usage', usage) };
}

export function readUsage(row: StoredRow): UsageRow {
  return readJson(row, 'usage', isUsageRow);
}

/** Columns of an idempotency key's row. */
export function writeIdempotencyKey(jobId: string): Columns {
  return { v: rowVersion, job: jobId };
}

export function readIdempotencyKey(row: StoredRow): string {
  const job = row.columns['job'];
  if (typeof job !== 'string') throw new DamagedRowError(`${row.partitionKey}/${row.rowKey}`, 'it names no job');
  return job;
}
