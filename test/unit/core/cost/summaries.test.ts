import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { findPercentile, summariseMetrics } from '../../../../src/core/cost/metrics-summary.ts';
import { summariseUsage, toUsageResource, usageDimensions } from '../../../../src/core/cost/summarise-usage.ts';
import type { UsageRow } from '../../../../src/core/cost/usage-row.ts';

const row = (fields: Partial<UsageRow> = {}): UsageRow => ({
  team: 'search',
  jobId: 'job_1',
  attempt: 1,
  atMs: Date.parse('2026-11-23T12:00:00Z'),
  model: 'gpt-4.1-mini',
  endpoint: '/v1/chat/completions',
  deployment: 'eastus',
  region: 'eastus',
  lane: 'standard',
  project: null,
  usage: { inputTokens: 10, cachedInputTokens: 4, outputTokens: 5, reasoningTokens: 1 },
  costNanoUsd: 350,
  priceId: 'gpt-4.1-mini/global/2026-08-05',
  measured: true,
  cache: 'miss',
  outcome: 'succeeded',
  statusCode: 200,
  errorCode: null,
  latencyMs: 100,
  ...fields,
});

describe('summariseUsage', () => {
  it('sums first and rounds last', () => {
    expect(
      summariseUsage(
        Array.from({ length: 12 }, () => row()),
        ['team', 'model'],
      ),
    ).toEqual([
      {
        team: 'search',
        model: 'gpt-4.1-mini',
        requests: 12,
        input_tokens: 120,
        cached_input_tokens: 48,
        output_tokens: 60,
        reasoning_tokens: 12,
        unknown_outcomes: 0,
        cost_usd: '0.000004',
      },
    ]);
  });

  it('groups by every field, sorted, rows without a project first, days in UTC', () => {
    const rows = [
      row({ project: 'b', atMs: Date.parse('2026-11-24T00:00:00Z') }),
      row({ project: 'a', atMs: Date.parse('2026-11-23T23:59:59.999Z') }),
      row({ outcome: 'unknown' }),
    ];
    const groups = summariseUsage(rows, ['project', 'day']);
    expect(groups.map(({ project, day, unknown_outcomes }) => [project, day, unknown_outcomes])).toEqual([
      [null, '2026-11-23', 1],
      ['a', '2026-11-23', 0],
      ['b', '2026-11-24', 0],
    ]);
    expect(summariseUsage(rows, usageDimensions)).toHaveLength(3);
    expect(summariseUsage([], ['team'])).toEqual([]);
  });

  it('keeps groups apart whose names run into each other', () => {
    const rows = [
      row({ project: 'a,b', lane: 'bulk' }),
      row({ project: 'a', deployment: 'b,eastus', lane: 'bulk' }),
      row({ project: '' }),
      row({}),
    ];
    expect(summariseUsage(rows, ['project', 'deployment'])).toHaveLength(4);
    expect(summariseUsage([row({ project: '' }), row({})], ['project'])).toHaveLength(2);
  });

  it('loses nothing, however it groups', () => {
    const rows = fc.array(
      fc.record({
        team: fc.constantFrom('a', 'b'),
        lane: fc.constantFrom('bulk', 'standard'),
        costNanoUsd: fc.nat(1000),
      }),
    );
    fc.assert(
      fc.property(rows, fc.subarray([...usageDimensions]), (fields, groupBy) => {
        const groups = summariseUsage(
          fields.map((field) => row({ ...field, costNanoUsd: field.costNanoUsd * 1000 } as Partial<UsageRow>)),
          groupBy,
        );
        const micro = groups.reduce((sum, group) => sum + Math.round(Number(group['cost_usd']) * 1e6), 0);
        expect(micro).toBe(fields.reduce((sum, field) => sum + field.costNanoUsd, 0));
        expect(groups.reduce((sum, group) => sum + Number(group['requests']), 0)).toBe(fields.length);
      }),
    );
  });

  it('tells one attempt with its price and outcome', () => {
    expect(toUsageResource(row())).toMatchObject({
      team: 'search',
      job: 'job_1',
      at: 1_795_435_200,
      cost_usd: '0.000000',
      price_id: 'gpt-4.1-mini/global/2026-08-05',
      measured: true,
    });
  });
});

describe('findPercentile', () => {
  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);

  it.each([
    [1, 1, 1],
    [20, 10, 19],
    [21, 11, 20],
    [1000, 500, 950],
  ])('of %i samples is p50 = %i and p95 = %i', (count, p50, p95) => {
    expect(findPercentile(upTo(count), 50)).toBe(p50);
    expect(findPercentile(upTo(count), 95)).toBe(p95);
  });

  it('has the definition of the nearest rank at every size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1500 }), fc.constantFrom(50, 95), (count, percent) => {
        const value = findPercentile(upTo(count), percent) ?? 0;
        expect(value * 100).toBeGreaterThanOrEqual(percent * count);
        expect((value - 1) * 100).toBeLessThan(percent * count);
      }),
    );
  });

  it('of none is null', () => {
    expect(findPercentile([], 50)).toBeNull();
  });
});

describe('summariseMetrics', () => {
  it('tells rates, times, tokens and errors by code', () => {
    const summary = summariseMetrics([
      row({ latencyMs: 300 }),
      row({ latencyMs: 100 }),
      row({ latencyMs: 20, outcome: 'throttled', errorCode: 'throttled_tokens', statusCode: 429 }),
      row({ latencyMs: 1000, outcome: 'unknown', errorCode: null, statusCode: null }),
      row({ latencyMs: 20, outcome: 'throttled', errorCode: 'throttled_tokens', statusCode: 429 }),
    ]);
    expect(summary).toEqual({
      object: 'metrics.summary',
      requests: 5,
      succeeded: 2,
      throttled: 2,
      unknown_outcomes: 1,
      success_rate: 0.4,
      average_latency_ms: 288,
      p50_latency_ms: 100,
      p95_latency_ms: 1000,
      input_tokens: 50,
      output_tokens: 25,
      errors: { throttled_tokens: 2, unknown: 1 },
    });
  });

  it('has no rates of nothing', () => {
    expect(summariseMetrics([])).toMatchObject({
      requests: 0,
      success_rate: null,
      average_latency_ms: null,
      p95_latency_ms: null,
      errors: {},
    });
  });
});
