import type { UsageRow } from './usage-row.ts';

/** `GET /metrics/summary`: figures of the newest upstream calls; rates and times are null when there was none. */
export interface MetricsSummary {
  readonly object: 'metrics.summary';
  readonly requests: number;
  readonly succeeded: number;
  readonly throttled: number;
  readonly unknown_outcomes: number;
  /** Succeeded share, 0 to 1, four decimals. */
  readonly success_rate: number | null;
  readonly average_latency_ms: number | null;
  readonly p50_latency_ms: number | null;
  readonly p95_latency_ms: number | null;
  readonly input_tokens: number;
  readonly output_tokens: number;
  /** Calls that did not succeed, by their code. */
  readonly errors: Readonly<Record<string, number>>;
}

/** Sums up calls, whatever their order; latency counts for every call that ran its course, failed ones too. */
export function summariseMetrics(rows: readonly UsageRow[]): MetricsSummary {
  const count = (outcome: UsageRow['outcome']) => rows.filter((row) => row.outcome === outcome).length;
  // Of a call whose worker died nobody knows how long it took.
  const known = rows.filter((row) => row.errorCode !== 'worker_lost');
  const latencies = known.map((row) => row.latencyMs).sort((left, right) => left - right);
  const succeeded = count('succeeded');
  return {
    object: 'metrics.summary',
    requests: rows.length,
    succeeded,
    throttled: count('throttled'),
    unknown_outcomes: count('unknown'),
    success_rate: rows.length === 0 ? null : Math.round((succeeded / rows.length) * 10_000) / 10_000,
    average_latency_ms: known.length === 0 ? null : Math.round(sum(latencies) / known.length),
    p50_latency_ms: findPercentile(latencies, 50),
    p95_latency_ms: findPercentile(latencies, 95),
    input_tokens: sum(rows.map((row) => row.usage.inputTokens)),
    output_tokens: sum(rows.map((row) => row.usage.outputTokens)),
    errors: countErrors(rows),
  };
}

/**
 * Nearest-rank percentile of ascending values: the smallest value that at least `percent` % of them do not exceed, so
 * always one that occurred; null of none.
 */
export function findPercentile(ascending: readonly number[], percent: number): number | null {
  const rank = Math.max(1, Math.ceil((percent * ascending.length) / 100));
  return ascending[rank - 1] ?? null;
}

function countErrors(rows: readonly UsageRow[]): Readonly<Record<string, number>> {
  const counts = new Map<string, number>();
  for (const row of rows) {
    if (row.outcome === 'succeeded') continue;
    const code = row.errorCode ?? row.outcome;
    counts.set(code, (counts.get(code) ?? 0) + 1);
  }
  return Object.fromEntries([...counts].sort(([left], [right]) => (left < right ? -1 : 1)));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
