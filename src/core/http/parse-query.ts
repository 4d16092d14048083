import { type UsageDimension, usageDimensions } from '../cost/summarise-usage.ts';
import type { UsageWindow } from '../cost/usage-store.ts';
import { jobStatuses } from '../jobs/job.ts';
import { isJobId } from '../jobs/job-id.ts';
import type { JobQuery } from '../jobs/job-store.ts';
import { maxWaitSeconds, parseWholeNumber } from './parse-headers.ts';
import { WeirError } from './weir-error.ts';

/** The one answer to what is absent, malformed or another team's: they must not be told apart. */
export function jobNotFound(): WeirError {
  return new WeirError('not_found', 'There is no such job. Check the id; jobs are removed after their retention.');
}

/** Reads a job id from a path; what cannot be one is answered like a job that does not exist. */
export function parseJobId(text: string | undefined): string | WeirError {
  return text !== undefined && isJobId(text) ? text : jobNotFound();
}

/** `wait` of `GET /jobs/{id}`: seconds, 0 to 30, default 0. */
export function parseWaitSeconds(query: URLSearchParams): number | WeirError {
  return readWholeNumber(query, 'wait', 0, maxWaitSeconds, 0);
}

/** `status`, `limit` (1 to 100, default 20) and `after` (a job id) of `GET /jobs`. */
export function parseJobListQuery(query: URLSearchParams): JobQuery | WeirError {
  const statusText = query.get('status');
  const status = jobStatuses.find((known) => known === statusText) ?? null;
  if (statusText !== null && status === null) {
    return refuse('status', `received ${quote(statusText)}, only one of ${jobStatuses.join(', ')} is allowed`);
  }
  const limit = readWholeNumber(query, 'limit', 1, 100, 20);
  if (limit instanceof WeirError) return limit;
  const after = query.get('after');
  if (after !== null && !isJobId(after))
    return refuse('after', 'received something that is no job id, use last_id of the page before');
  return { status, limit, after };
}

/** `last` of `GET /metrics/summary`: requests to look at, 1 to 1,000, default 100. */
export function parseMetricsQuery(query: URLSearchParams): number | WeirError {
  return readWholeNumber(query, 'last', 1, 1000, 100);
}

export interface UsageQuery {
  readonly window: UsageWindow;
  /** Fields to group by, in the caller's order, without repeats; null = one row per attempt. */
  readonly groupBy: readonly UsageDimension[] | null;
  /** Where the page before ended: its last call's time and id; null for the first page. */
  readonly after: { readonly atMs: number; readonly id: string } | null;
}

/** `from`, `to` (ISO 8601 or Unix seconds; default: the last 30 days until now), `group_by` and `after` of `GET /usage`. */
export function parseUsageQuery(query: URLSearchParams, nowMs: number): UsageQuery | WeirError {
  const toMs = readTime(query, 'to', nowMs + 1);
  if (toMs instanceof WeirError) return toMs;
  const fromMs = readTime(query, 'from', toMs - 30 * dayMs);
  if (fromMs instanceof WeirError) return fromMs;
  if (fromMs > toMs) return refuse('from', 'received a time after to, only an earlier one is allowed');
  const groupBy = readGroupBy(query.get('group_by'));
  if (groupBy instanceof WeirError) return groupBy;
  const after = readUsageCursor(query.get('after'));
  return after instanceof WeirError ? after : { window: { fromMs, toMs }, groupBy, after };
}

const dayMs = 86_400_000;

function readUsageCursor(text: string | null): UsageQuery['after'] | WeirError {
  if (text === null) return null;
  const match = /^use_(\d{13})_job_[0-9a-f]{45}_\d{1,5}$/.exec(text);
  if (match === null) return refuse('after', 'received something that is no usage id, use last_id of the page before');
  return { atMs: Number(match[1]), id: text };
}

function readGroupBy(text: string | null): readonly UsageDimension[] | null | WeirError {
  if (text === null || text === '') return null;
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const dimensions = names.flatMap((name) => usageDimensions.find((known) => known === name) ?? []);
  const unknown = names.filter((name) => !usageDimensions.some((known) => known === name));
  if (unknown.length === 0) return dimensions;
  return refuse(
    'group_by',
    `received ${quote(unknown.join(','))}, only ${usageDimensions.join(', ')} are allowed, separated by commas`,
  );
}

function readTime(query: URLSearchParams, name: string, fallbackMs: number): number | WeirError {
  const text = query.get(name);
  if (text === null || text === '') return fallbackMs;
  const timeMs = parseTime(text);
  return (
    timeMs ??
    refuse(
      name,
      `received ${quote(text)}, only a date (2026-11-01), a time (2026-11-01T08:00:00Z) or Unix seconds is allowed`,
    )
  );
}

/** Reads `2026-11-01` (midnight UTC), an ISO 8601 time with its zone, or Unix seconds; null for anything else. */
export function parseTime(text: string): number | null {
  if (/^\d{1,11}$/.test(text)) return Number(text) * 1000;
  const iso = /^(\d{4}-\d{2}-\d{2})(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/.exec(text);
  if (iso === null) return null;
  // Date.parse moves 30 February to March; a date that does not come back as it went in is none.
  const dayStartMs = Date.parse(`${iso[1]}T00:00:00Z`);
  if (Number.isNaN(dayStartMs) || new Date(dayStartMs).toISOString().slice(0, 10) !== iso[1]) return null;
  const timeMs = Date.parse(text);
  return Number.isNaN(timeMs) ? null : timeMs;
}

function readWholeNumber(
  query: URLSearchParams,
  name: string,
  least: number,
  most: number,
  fallback: number,
): number | WeirError {
  const text = query.get(name);
  if (text === null) return fallback;
  return (
    parseWholeNumber(text, least, most) ??
    refuse(name, `received ${quote(text)}, only a whole number from ${least} to ${most} is allowed`)
  );
}

function refuse(param: string, message: string): WeirError {
  return new WeirError('invalid_request', `${param}: ${message}.`, { param });
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
