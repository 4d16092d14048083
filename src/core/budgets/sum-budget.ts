import type { UsageRow } from '../cost/usage-row.ts';
import { jobTimeMs } from '../jobs/job-id.ts';
import { nextResetAtMs, periodStartMs } from './budget-period.ts';

/** Half-open span [fromMs, toMs) of the moments at which a period's jobs were accepted. */
export interface PeriodSpan {
  readonly fromMs: number;
  readonly toMs: number;
}

/** The span of a period such as `2026-11` in the time zone; null for what is no period. */
export function spanOfPeriod(period: string, timeZone: string): PeriodSpan | null {
  const fromMs = periodStartMs(period, timeZone);
  return fromMs === null ? null : { fromMs, toMs: nextResetAtMs(fromMs, timeZone) };
}

/** What a usage row adds to a period's spent: a job's calls are spent in the month that accepted it, however late they were made. */
export function spentIn({ fromMs, toMs }: PeriodSpan, row: Pick<UsageRow, 'jobId' | 'atMs' | 'costNanoUsd'>): number {
  const acceptedAtMs = jobTimeMs(row.jobId) ?? row.atMs;
  return acceptedAtMs >= fromMs && acceptedAtMs < toMs ? row.costNanoUsd : 0;
}
