import { describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { summariseMetrics } from '../../../../src/core/cost/metrics-summary.ts';
import { summariseUsage, toUsageResource, usageDimensions } from '../../../../src/core/cost/summarise-usage.ts';
import type { UsageRow } from '../../../../src/core/cost/usage-row.ts';
import { toErrorResponse } from '../../../../src/core/http/error-response.ts';
import { toEventResources } from '../../../../src/core/http/event-resource.ts';
import { type JobView, toJobResource } from '../../../../src/core/http/job-resource.ts';
import { toListResource } from '../../../../src/core/http/list-resource.ts';
import {
  metricsSummarySchema,
  usageGroupSchema,
  usageListSchema,
  usageRowSchema,
} from '../../../../src/core/http/openapi/figure-schemas.ts';
import {
  endedJobSchema,
  jobEventListSchema,
  jobEventSchema,
  jobInProgressSchema,
  jobListSchema,
  jobSchema,
} from '../../../../src/core/http/openapi/job-schemas.ts';
import { errorSchema } from '../../../../src/core/http/openapi/refusals.ts';
import { type ErrorCode, errorStatuses, WeirError } from '../../../../src/core/http/weir-error.ts';
import type { Job, JobEnd } from '../../../../src/core/jobs/job.ts';
import { openLiveJob } from '../../../../src/core/jobs/move-live-job.ts';
import type { TrailEvent } from '../../../../src/core/jobs/trail.ts';

/** Judges what travels; the schemas are strict, so a field that the document does not know is a fault too. */
function check(schema: z.ZodType, answer: unknown): void {
  const result = schema.safeParse(JSON.parse(JSON.stringify(answer)));
  expect(result.success ? [] : result.error.issues).toEqual([]);
}

const job: Job = {
  id: `job_8209999999999${'ab'.repeat(16)}`,
  team: 'search',
  endpoint: '/v1/responses',
  model: 'gpt-4.1-mini',
  lane: 'bulk',
  createdAtMs: 1_790_000_000_700,
  deadlineAtMs: 1_790_000_600_700,
  metadata: { project: 'search' },
  fingerprint: 'f'.repeat(64),
  idempotencyKeySha256: null,
  request: { kind: 'inline', text: '{}' },
  estimate: { inputTokens: 210, outputTokens: 500, promptCharacters: 840, imposedOutputCap: 500 },
  estimateNanoUsd: 884_000,
  holdNanoUsd: 888_400,
  budgetPeriod: '2026-09',
  traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
  end: null,
};

const end: JobEnd = {
  status: 'succeeded',
  startedAtMs: 1_790_000_003_200,
  finishedAtMs: 1_790_000_004_012,
  response: { statusCode: 200, requestId: null, body: { kind: 'inline', text: '{"ok":true}' } },
  error: null,
  usage: { inputTokens: 198, cachedInputTokens: 0, outputTokens: 241, reasoningTokens: 0 },
  cost: { nanoUsd: 464_800, priceId: 'gpt-4.1-mini/global/2026-08-05', measured: true },
  cache: 'miss',
  attempts: [
    {
      number: 1,
      deployment: 'eastus',
      region: 'eastus',
      statusCode: null,
      startedAtMs: 1_790_000_003_200.5,
      latencyMs: 812,
      outcome: 'unknown',
      reason: 'connection_reset',
    },
  ],
  trail: [],
};

const queued: JobView = {
  job,
  live: openLiveJob(job),
  forecast: { position: 12, startAtMs: 1.79e12 },
  responseText: null,
};
const running: JobView = {
  ...queued,
  live: { ...openLiveJob(job), state: 'running', cancelRequested: true },
  forecast: null,
};
const ended = (change: Partial<JobEnd>, responseText: string | null = '{"ok":true}'): JobView => ({
  job: { ...job, end: { ...end, ...change } },
  live: null,
  forecast: null,
  responseText,
});

describe('jobs are told as the document has it', () => {
  it.each<[string, z.ZodType, JobView]>([
    ['queued', jobInProgressSchema, queued],
    ['queued without a forecast', jobInProgressSchema, { ...queued, forecast: null }],
    ['running and to be cancelled', jobInProgressSchema, running],
    ['succeeded', endedJobSchema, ended({})],
    ['with an answer that is no JSON', endedJobSchema, ended({}, '<html>')],
    ['with content that is gone', endedJobSchema, ended({}, null)],
    [
      'failed without an answer',
      endedJobSchema,
      ended({
        status: 'failed',
        response: null,
        error: { type: 'server_error', code: 'upstream_error', message: 'm' },
        cost: { nanoUsd: 0, priceId: null, measured: false },
      }),
    ],
    ['cancelled before its start', endedJobSchema, ended({ status: 'cancelled', startedAtMs: null, attempts: [] })],
  ])('%s', (_name, schema, view) => {
    check(schema, toJobResource(view));
    check(jobSchema, toJobResource(view));
  });

  it('in lists', () => {
    check(jobListSchema, toListResource([queued, running, ended({})].map(toJobResource), true, job.id));
    check(jobListSchema, toListResource([], false, null));
  });

  it('but not with a field that nobody described, or without one that was', () => {
    const { estimate: _left, ...rest } = toJobResource(queued);
    expect(jobSchema.safeParse(rest).success).toBe(false);
    expect(jobSchema.safeParse({ ...toJobResource(queued), traceparent: job.traceparent }).success).toBe(false);
  });
});

it('every event of a trail is told as the document has it', () => {
  const atMs = 1_790_000_000_123;
  const claim = { attempt: 1, deployment: 'eastus', region: 'eastus' };
  const ending = { atMs, reason: null };
  // One of each type: whoever adds one adds it here and to the document.
  const examples: { readonly [Type in TrailEvent['type']]: TrailEvent & { readonly type: Type } } = {
    accepted: { atMs, type: 'accepted' },
    deferred: { atMs, type: 'deferred', reason: 'tpm', untilMs: atMs + 1500 },
    claimed: { atMs, type: 'claimed', attempt: 1, deployment: 'eastus', why: 'least load' },
    attempt: { atMs, type: 'attempt', ...claim, statusCode: null, latencyMs: 9, outcome: 'unknown', reason: 'x' },
    rerun: { atMs, type: 'rerun', reason: 'cap', outputCap: 4096 },
    rescued: { atMs, type: 'rescued', attempt: 0, reason: 'poison_message' },
    resent: { atMs, type: 'resent' },
    cancel_requested: { atMs, type: 'cancel_requested' },
    succeeded: { ...ending, type: 'succeeded' },
    failed: { ...ending, type: 'failed', reason: 'upstream_error' },
    cancelled: { ...ending, type: 'cancelled' },
    expired: { ...ending, type: 'expired' },
  };
  const resources = toEventResources(Object.values(examples));
  for (const resource of resources) check(jobEventSchema, resource);
  check(jobEventListSchema, toListResource(resources, false, null));
});

describe('figures are told as the document has it', () => {
  const row: UsageRow = {
    team: 'search',
    jobId: job.id,
    attempt: 1,
    atMs: 1_790_000_004_012,
    model: 'gpt-4.1-mini',
    endpoint: '/v1/responses',
    deployment: 'eastus',
    region: 'eastus',
    lane: 'bulk',
    project: null,
    usage: end.usage,
    costNanoUsd: 464_800,
    priceId: null,
    measured: false,
    cache: 'miss',
    outcome: 'throttled',
    statusCode: 429,
    errorCode: 'throttled_tokens',
    latencyMs: 812,
  };

  it('usage, call by call and by every grouping', () => {
    check(usageRowSchema, toUsageResource(row));
    check(usageRowSchema, toUsageResource({ ...row, statusCode: null, errorCode: null, outcome: 'aborted' }));
    const groups = summariseUsage([row, { ...row, project: 'p' }], usageDimensions);
    expect(groups).toHaveLength(2);
    for (const group of groups) check(usageGroupSchema, group);
    for (const dimension of usageDimensions) check(usageGroupSchema, summariseUsage([row], [dimension])[0]);
    check(usageListSchema, toListResource([...groups, toUsageResource(row)], false, null));
  });

  it('metrics, of calls and of none', () => {
    check(metricsSummarySchema, summariseMetrics([row, { ...row, outcome: 'succeeded' }]));
    check(metricsSummarySchema, summariseMetrics([]));
  });
});

it('every error is told as the document has it', () => {
  const codes = Object.keys(errorStatuses) as ErrorCode[];
  for (const code of codes) check(errorSchema, toErrorResponse(new WeirError(code, 'm', { param: 'body' })).body);
  check(errorSchema, toErrorResponse(new TypeError('x')).body);
});
