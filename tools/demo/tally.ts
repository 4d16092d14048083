import { lanes } from '../../src/core/jobs/job.ts';
import { isTerminal } from './job-reading.ts';
import type { JobRecord } from './job-record.ts';
import { percentile } from './percentile.ts';

/** Figures of one group of jobs: a team, a region or a lane. */
export interface Tally {
  readonly label: string;
  readonly jobs: number;
  readonly succeeded: number;
  /** Whatever did not succeed: failed, expired, cancelled, refused, lost or never finished. */
  readonly failed: number;
  /** Upstream answers 429 on the way, counted where they were met. */
  readonly throttled: number;
  /** From acceptance to the first upstream call, and to the end; null when none of the jobs tells. */
  readonly wait: Spread;
  readonly total: Spread;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** Sum of the jobs' costs, each rounded to a millionth of a dollar. */
  readonly costMicroUsd: number;
}

export interface Spread {
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

/** Groups by team, and a line for all. */
export function tallyTeams(records: readonly JobRecord[]): { readonly groups: Tally[]; readonly all: Tally } {
  return {
    groups: tallyBy(records, (record) => record.planned.team),
    all: tally('all', records, countThrottled(records)),
  };
}

/** Groups by lane, most urgent first; lanes without jobs are left out. */
export function tallyLanes(records: readonly JobRecord[]): Tally[] {
  const groups = tallyBy(records, (record) => record.planned.lane);
  return lanes.flatMap((lane) => groups.filter((group) => group.label === lane));
}

/** Groups by the region that gave the last answer; 429s count in the region that gave them. Jobs that reached none are under `none`. */
export function tallyRegions(records: readonly JobRecord[]): Tally[] {
  const attempts = records.flatMap((record) => record.reading?.attempts ?? []);
  const regions = new Set([...attempts.map((attempt) => attempt.region), ...records.map(lastRegion)]);
  return [...regions].sort().map((region) => {
    const own = records.filter((record) => lastRegion(record) === region);
    return tally(region, own, attempts.filter((one) => one.region === region && one.status_code === 429).length);
  });
}

function lastRegion(record: JobRecord): string {
  return record.reading?.attempts.at(-1)?.region ?? 'none';
}

function tallyBy(records: readonly JobRecord[], labelOf: (record: JobRecord) => string): Tally[] {
  const groups = [...Map.groupBy(records, labelOf)];
  return groups.map(([label, own]) => tally(label, own, countThrottled(own)));
}

function countThrottled(records: readonly JobRecord[]): number {
  return records.flatMap((record) => record.reading?.attempts ?? []).filter((one) => one.status_code === 429).length;
}

function tally(label: string, records: readonly JobRecord[], throttled: number): Tally {
  const ended = records.filter((record) => record.reading !== null && isTerminal(record.reading));
  const succeeded = ended.filter((record) => record.reading?.status === 'succeeded').length;
  return {
    label,
    jobs: records.length,
    succeeded,
    failed: records.length - succeeded,
    throttled,
    wait: spread(ended.map((record) => since(record, firstStartMs(record)))),
    total: spread(ended.map((record) => since(record, record.endedAtMs))),
    inputTokens: sum(ended.map((record) => record.reading?.usage?.input_tokens ?? 0)),
    outputTokens: sum(ended.map((record) => record.reading?.usage?.output_tokens ?? 0)),
    costMicroUsd: sum(ended.map((record) => toMicroUsd(record.reading?.cost?.usd ?? '0.000000'))),
  };
}

function firstStartMs(record: JobRecord): number | null {
  const first = record.reading?.attempts[0];
  return first === undefined ? null : first.started_at * 1000;
}

function since(record: JobRecord, atMs: number | null): number | null {
  if (atMs === null || record.acceptedAtMs === null) return null;
  return Math.max(0, atMs - record.acceptedAtMs);
}

function spread(values: readonly (number | null)[]): Spread {
  const known = values.filter((value) => value !== null);
  return { p50Ms: percentile(known, 50), p95Ms: percentile(known, 95) };
}

/** Reads `0.000465` as 465: six decimals, no floating point on the way. */
function toMicroUsd(usd: string): number {
  return Number(usd.replace('.', ''));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
