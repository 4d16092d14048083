import type { Budget } from '../../budgets/budget.ts';
import type { OwnPlace, Ticket } from '../../capacity/ticket.ts';
import type { UsageCost } from '../../cost/usage-cost.ts';
import type { UsageRow } from '../../cost/usage-row.ts';
import { type Job, type JobEnd, lanes } from '../../jobs/job.ts';
import type { Billed, Intent, Lease, LiveJob } from '../../jobs/live-job.ts';
import type { Estimate } from '../../tokens/estimate.ts';
import type { Usage } from '../../tokens/usage.ts';

type Kind = 'text' | 'number' | 'amount' | 'flag' | 'list' | 'record' | 'record or null' | 'text or null' | Check;
type Check = (value: unknown) => boolean;
type Shape<T> = { readonly [K in keyof T]?: Kind };

const checks: Readonly<Record<Exclude<Kind, Check>, Check>> = {
  text: (value) => typeof value === 'string',
  number: (value) => typeof value === 'number' && Number.isFinite(value),
  amount: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  flag: (value) => typeof value === 'boolean',
  list: (value) => Array.isArray(value),
  record: isRecord,
  'record or null': (value) => value === null || isRecord(value),
  'text or null': (value) => value === null || typeof value === 'string',
};

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// Rows are written by this code only, so their first level is checked, and below it what money and fences rest on: it catches what
// was cut, emptied or edited by hand.
function guardOf<T>(shape: Shape<T>): (value: unknown) => value is T {
  const fields: readonly [string, Kind][] = Object.entries<Kind | undefined>(shape).flatMap(([name, kind]) =>
    kind === undefined ? [] : [[name, kind]],
  );
  return (value): value is T =>
    isRecord(value) && fields.every(([name, kind]) => (typeof kind === 'string' ? checks[kind] : kind)(value[name]));
}

const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const isUsage = guardOf<Usage>({
  inputTokens: 'number',
  cachedInputTokens: 'number',
  outputTokens: 'number',
  reasoningTokens: 'number',
});
const isCost = guardOf<UsageCost>({ nanoUsd: 'amount', priceId: 'text or null', measured: 'flag' });
const isLease = guardOf<Lease>({ holder: 'text', untilMs: 'number' });
const isIntent = guardOf<Intent>({
  deployment: 'text',
  region: 'text',
  startedAtMs: 'number',
  usage: isUsage,
  costNanoUsd: 'amount',
});
const isOwnPlace = guardOf<OwnPlace>({ start: 'number', finish: 'number', isWaiting: 'flag' });
const isTicket = guardOf<Ticket>({
  start: 'number',
  finish: 'number',
  own: (value) => value === undefined || isOwnPlace(value),
});
const isBilled = guardOf<Billed>({ usage: isUsage, cost: isCost });
const isEstimate = guardOf<Estimate>({ inputTokens: 'number', outputTokens: 'number', promptCharacters: 'number' });
const isLane: Check = (value) => lanes.some((lane) => lane === value);
const isContent: Check = (value) =>
  isRecord(value) && (value['kind'] === 'inline' ? checks.text(value['text']) : checks.text(value['name']));

/** A job as its row's `job` columns hold it: everything but the end. */
export type AcceptedJob = Omit<Job, 'end'>;

/** Tells whether a value read from a row is a job without its end. */
export const isAcceptedJob = guardOf<AcceptedJob>({
  id: 'text',
  team: 'text',
  endpoint: 'text',
  model: 'text',
  lane: isLane,
  createdAtMs: 'number',
  deadlineAtMs: 'number',
  metadata: 'record',
  fingerprint: 'text',
  idempotencyKeySha256: 'text or null',
  request: isContent,
  estimate: isEstimate,
  holdNanoUsd: 'amount',
  budgetPeriod: 'text',
  traceparent: 'text',
});

/** Tells whether a value read from a row is a job's end. */
export const isJobEnd = guardOf<JobEnd>({
  status: 'text',
  finishedAtMs: 'number',
  response: 'record or null',
  error: 'record or null',
  usage: isUsage,
  cost: isCost,
  attempts: 'list',
  trail: 'list',
});

/** Tells whether a value read from a row is a live job. */
export const isLiveJob = guardOf<LiveJob>({
  team: 'text',
  id: 'text',
  lane: isLane,
  model: 'text',
  createdAtMs: 'number',
  deadlineAtMs: 'number',
  state: (value) => value === 'queued' || value === 'running',
  attempt: 'number',
  lease: orNull(isLease),
  intent: orNull(isIntent),
  dueAtMs: 'number',
  ticket: orNull(isTicket),
  cancelRequested: 'flag',
  rescues: 'number',
  attempts: 'list',
  billed: isBilled,
  trail: 'list',
});

/** Tells whether a value read from a row is a budget. */
export const isBudget = guardOf<Budget>({
  team: 'text',
  period: 'text',
  spentNanoUsd: 'amount',
  heldNanoUsd: 'amount',
});

/** Tells whether a value read from a row is a usage row. */
export const isUsageRow = guardOf<UsageRow>({
  team: 'text',
  jobId: 'text',
  attempt: 'number',
  atMs: 'number',
  model: 'text',
  deployment: 'text',
  usage: isUsage,
  costNanoUsd: 'amount',
  outcome: 'text',
});
