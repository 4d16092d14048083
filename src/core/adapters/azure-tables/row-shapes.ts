import type { Budget } from '../../budgets/budget.ts';
import type { UsageRow } from '../../cost/usage-row.ts';
import type { Job, JobEnd } from '../../jobs/job.ts';
import type { LiveJob } from '../../jobs/live-job.ts';

type Kind = 'text' | 'number' | 'flag' | 'list' | 'record' | 'record or null' | 'text or null';
type Shape<T> = { readonly [K in keyof T]?: Kind };

const checks: Readonly<Record<Kind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  flag: (value) => typeof value === 'boolean',
  list: (value) => Array.isArray(value),
  record: isRecord,
  'record or null': (value) => value === null || isRecord(value),
  'text or null': (value) => value === null || typeof value === 'string',
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Rows are written by this code only, so their first level is checked: it catches what was cut, emptied or edited by hand.
function guardOf<T>(shape: Shape<T>): (value: unknown) => value is T {
  const fields: readonly [string, Kind][] = Object.entries<Kind | undefined>(shape).flatMap(([name, kind]) =>
    kind === undefined ? [] : [[name, kind]],
  );
  return (value): value is T => isRecord(value) && fields.every(([name, kind]) => checks[kind](value[name]));
}

/** A job as its row's `job` columns hold it: everything but the end. */
export type AcceptedJob = Omit<Job, 'end'>;

/** Tells whether a value read from a row is a job without its end. */
export const isAcceptedJob = guardOf<AcceptedJob>({
  id: 'text',
  team: 'text',
  endpoint: 'text',
  model: 'text',
  lane: 'text',
  createdAtMs: 'number',
  deadlineAtMs: 'number',
  metadata: 'record',
  fingerprint: 'text',
  idempotencyKeySha256: 'text or null',
  request: 'record',
  estimate: 'record',
  holdNanoUsd: 'number',
  budgetPeriod: 'text',
  traceparent: 'text',
});

/** Tells whether a value read from a row is a job's end. */
export const isJobEnd = guardOf<JobEnd>({
  status: 'text',
  finishedAtMs: 'number',
  response: 'record or null',
  error: 'record or null',
  usage: 'record',
  cost: 'record',
  attempts: 'list',
  trail: 'list',
});

/** Tells whether a value read from a row is a live job. */
export const isLiveJob = guardOf<LiveJob>({
  team: 'text',
  id: 'text',
  lane: 'text',
  model: 'text',
  createdAtMs: 'number',
  deadlineAtMs: 'number',
  state: 'text',
  attempt: 'number',
  lease: 'record or null',
  intent: 'record or null',
  dueAtMs: 'number',
  ticket: 'record or null',
  cancelRequested: 'flag',
  rescues: 'number',
  attempts: 'list',
  trail: 'list',
});

/** Tells whether a value read from a row is a budget. */
export const isBudget = guardOf<Budget>({
  team: 'text',
  period: 'text',
  spentNanoUsd: 'number',
  heldNanoUsd: 'number',
});

/** Tells whether a value read from a row is a usage row. */
export const isUsageRow = guardOf<UsageRow>({
  team: 'text',
  jobId: 'text',
  attempt: 'number',
  atMs: 'number',
  model: 'text',
  deployment: 'text',
  usage: 'record',
  costNanoUsd: 'number',
  outcome: 'text',
});
