import { type UsageDimension, usageDimensions } from '../cost/summarise-usage.ts';
import type { UsageWindow } from '../cost/usage-store.ts';
import { jobStatuses } from '../jobs/job.ts';
import { isJobId } from '../jobs/job-id.ts';
import type { JobQuery } from '../jobs/job-store.ts';
import type { Problem } from './describe-issue.ts';
import { maxWaitSeconds, parseWholeNumber } from './parse-headers.ts';
import { refusalOf } from './refusal-of.ts';
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
  return judge((problems) => readWholeNumber(query, 'wait', { least: 0, most: maxWaitSeconds, fallback: 0 }, problems));
}

/** `status`, `limit` (1 to 100, default 20) and `after` (a job id) of `GET /jobs`; all that is wrong is named at once. */
export function parseJobListQuery(query: URLSearchParams): JobQuery | WeirError {
  return judge((problems) => ({
    status: readStatus(query.get('status'), problems),
    limit: readWholeNumber(query, 'limit', { least: 1, most: 100, fallback: 20 }, problems),
    after: readJobCursor(query.get('after'), problems),
  }));
}

/** `last` of `GET /metrics/summary`: requests to look at, 1 to 1,000, default 100. */
export function parseMetricsQuery(query: URLSearchParams): number | WeirError {
  return judge((problems) => readWholeNumber(query, 'last', { least: 1, most: 1000, fallback: 100 }, problems));
}

export interface UsageQuery {
  readonly window: UsageWindow;
  /** Fields to group by, in the caller's order, without repeats; null = one row per attempt. */
  readonly groupBy: readonly UsageDimension[] | null;
  /** Where the page before ended: its last call's time and id; null for the first page. */
  readonly after: { readonly atMs: number; readonly id: string } | null;
}

/**
 * `from`, `to` (ISO 8601 or Unix seconds; default: the last 30 days until now), `group_by` and `after` of `GET /usage`; all
 * that is wrong is named at once.
 */
export function parseUsageQuery(query: URLSearchParams, nowMs: number): UsageQuery | WeirError {
  return judge((problems) => {
    const from = readTime(query, 'from', problems);
    const toMs = readTime(query, 'to', problems) ?? nowMs + 1;
    const fromMs = from ?? toMs - 30 * dayMs;
    if (problems.length === 0 && fromMs > toMs) {
      problems.push({ path: 'from', message: 'received a time after to, only an earlier one is allowed' });
    }
    const groupBy = readGroupBy(query.get('group_by'), problems);
    return { window: { fromMs, toMs }, groupBy, after: readUsageCursor(query.get('after'), problems) };
  });
}

const dayMs = 86_400_000;

/** The value that was read, unless reading it found problems; those stand in for what they make unreadable. */
function judge<T>(read: (problems: Problem[]) => T): T | WeirError {
  const problems: Problem[] = [];
  const value = read(problems);
  return problems.length === 0 ? value : refusalOf(problems);
}

function readStatus(text: string | null, problems: Problem[]): JobQuery['status'] {
  const status = jobStatuses.find((known) => known === text) ?? null;
  if (text !== null && status === null) {
    const message = `received ${quote(text)}, only one of ${jobStatuses.join(', ')} is allowed`;
    problems.push({ path: 'status', message });
  }
  return status;
}

function readJobCursor(text: string | null, problems: Problem[]): string | null {
  if (text === null || isJobId(text)) return text;
  problems.push({ path: 'after', message: 'received something that is no job id, use last_id of the page before' });
  return null;
}

function readUsageCursor(text: string | null, problems: Problem[]): UsageQuery['after'] {
  if (text === null) return null;
  const match = /^use_(\d{13})_job_[0-9a-f]{45}_\d{1,5}$/.exec(text);
  if (match !== null) return { atMs: Number(match[1]), id: text };
  problems.push({ path: 'after', message: 'received something that is no usage id, use last_id of the page before' });
  return null;
}

function readGroupBy(text: string | null, problems: Problem[]): readonly UsageDimension[] | null {
  if (text === null || text === '') return null;
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const unknown = names.filter((name) => !usageDimensions.some((known) => known === name));
  if (unknown.length > 0) {
    const received = quote(unknown.join(','));
    const message = `received ${received}, only ${usageDimensions.join(', ')} are allowed, separated by commas`;
    problems.push({ path: 'group_by', message });
  }
  return names.flatMap((name) => usageDimensions.find((known) => known === name) ?? []);
}

/** Null when it is absent, and when it is no time. */
function readTime(query: URLSearchParams, name: string, problems: Problem[]): number | null {
  const text = query.get(name);
  if (text === null || text === '') return null;
  const timeMs = parseTime(text);
  if (timeMs === null) {
    const message = `received ${quote(text)}, only a date (2026-11-01), a time (2026-11-01T08:00:00Z) or Unix seconds is allowed`;
    problems.push({ path: name, message });
  }
  return timeMs;
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
  { least, most, fallback }: { readonly least: number; readonly most: number; readonly fallback: number },
  problems: Problem[],
): number {
  const text = query.get(name);
  if (text === null) return fallback;
  const value = parseWholeNumber(text, least, most);
  if (value !== null) return value;
  const message = `received ${quote(text)}, only a whole number from ${least} to ${most} is allowed`;
  problems.push({ path: name, message });
  return fallback;
}

function quote(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
