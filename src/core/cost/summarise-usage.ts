import { formatUsd } from '../budgets/money.ts';
import type { UsageRow } from './usage-row.ts';

/** What usage can be grouped by; `day` is the UTC day of the attempt's end. */
export const usageDimensions = ['team', 'model', 'deployment', 'project', 'lane', 'day'] as const;
export type UsageDimension = (typeof usageDimensions)[number];

interface Totals {
  requests: number;
  inputTokens: number;
  cachedInputTokens: number;
  outputTokens: number;
  reasoningTokens: number;
  unknownOutcomes: number;
  costNanoUsd: number;
}

interface Group {
  readonly key: readonly (string | null)[];
  readonly totals: Totals;
}

/** Sums that grow row by row, so that no window has to fit into memory. */
export interface UsageSummary {
  add(row: UsageRow): void;
  /** The groups so far as the API tells them, sorted by their fields in the order of grouping, nulls first. */
  rows(): readonly Readonly<Record<string, unknown>>[];
}

/** Begins a summary by the given fields (none = one total); `requests` counts upstream calls. */
export function startUsageSummary(groupBy: readonly UsageDimension[]): UsageSummary {
  const groups = new Map<string, Group>();
  return {
    add(row) {
      const key = groupBy.map((dimension) => readDimension(row, dimension));
      const text = JSON.stringify(key);
      const group = groups.get(text) ?? { key, totals: emptyTotals() };
      groups.set(text, group);
      addRow(group.totals, row);
    },
    rows() {
      return [...groups.values()].sort(compareGroups).map(({ key, totals }) => ({
        ...Object.fromEntries(groupBy.map((dimension, index) => [dimension, key[index]])),
        ...toWire(totals),
      }));
    },
  };
}

/** Groups rows at once; see `startUsageSummary`. */
export function summariseUsage(
  rows: Iterable<UsageRow>,
  groupBy: readonly UsageDimension[],
): readonly Readonly<Record<string, unknown>>[] {
  const summary = startUsageSummary(groupBy);
  for (const row of rows) summary.add(row);
  return summary.rows();
}

/** Names one upstream call; sorts and pages by its time, newest first. */
export function usageId(row: UsageRow): string {
  return `use_${row.atMs}_${row.jobId}_${row.attempt}`;
}

/** Newest first; calls of one millisecond by their names. */
export function compareUsage(left: UsageRow, right: UsageRow): number {
  if (left.atMs !== right.atMs) return right.atMs - left.atMs;
  const [leftId, rightId] = [usageId(left), usageId(right)];
  return leftId < rightId ? -1 : Number(leftId > rightId);
}

/** One upstream call as `GET /usage` tells it without `group_by`. */
export function toUsageResource(row: UsageRow): Readonly<Record<string, unknown>> {
  const totals = emptyTotals();
  addRow(totals, row);
  return {
    id: usageId(row),
    team: row.team,
    job: row.jobId,
    attempt: row.attempt,
    at: row.atMs / 1000,
    model: row.model,
    endpoint: row.endpoint,
    deployment: row.deployment,
    region: row.region,
    lane: row.lane,
    project: row.project,
    outcome: row.outcome,
    status_code: row.statusCode,
    error_code: row.errorCode,
    latency_ms: row.latencyMs,
    price_id: row.priceId,
    measured: row.measured,
    cache: row.cache,
    ...toWire(totals),
  };
}

function readDimension(row: UsageRow, dimension: UsageDimension): string | null {
  return dimension === 'day' ? new Date(row.atMs).toISOString().slice(0, 10) : row[dimension];
}

function emptyTotals(): Totals {
  return {
    requests: 0,
    inputTokens: 0,
    cachedInputTokens: 0,
    outputTokens: 0,
    reasoningTokens: 0,
    unknownOutcomes: 0,
    costNanoUsd: 0,
  };
}

function addRow(totals: Totals, row: UsageRow): void {
  totals.requests += 1;
  totals.inputTokens += row.usage.inputTokens;
  totals.cachedInputTokens += row.usage.cachedInputTokens;
  totals.outputTokens += row.usage.outputTokens;
  totals.reasoningTokens += row.usage.reasoningTokens;
  totals.unknownOutcomes += row.outcome === 'unknown' ? 1 : 0;
  totals.costNanoUsd += row.costNanoUsd;
}

function toWire(totals: Totals): Readonly<Record<string, unknown>> {
  return {
    requests: totals.requests,
    input_tokens: totals.inputTokens,
    cached_input_tokens: totals.cachedInputTokens,
    output_tokens: totals.outputTokens,
    reasoning_tokens: totals.reasoningTokens,
    unknown_outcomes: totals.unknownOutcomes,
    cost_usd: formatUsd(totals.costNanoUsd),
  };
}

function compareGroups(left: Group, right: Group): number {
  for (const [index, value] of left.key.entries()) {
    const other = right.key[index] ?? null;
    if (value === other) continue;
    if (value === null || other === null) return value === null ? -1 : 1;
    return value < other ? -1 : 1;
  }
  return 0;
}
