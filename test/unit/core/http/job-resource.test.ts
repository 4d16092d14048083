import { describe, expect, it } from 'vitest';
import { toEventResources } from '../../../../src/core/http/event-resource.ts';
import { type JobView, pollHeaders, toJobResource } from '../../../../src/core/http/job-resource.ts';
import type { Job } from '../../../../src/core/jobs/job.ts';
import { openLiveJob } from '../../../../src/core/jobs/move-live-job.ts';

const job: Job = {
  id: 'job_8209999999999abababababababababababababababab',
  team: 'search',
  endpoint: '/v1/chat/completions',
  model: 'gpt-4.1-mini',
  lane: 'standard',
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

const ended: Job = {
  ...job,
  end: {
    status: 'succeeded',
    startedAtMs: 1_790_000_003_200,
    finishedAtMs: 1_790_000_004_012,
    response: { statusCode: 200, requestId: 'req-1', body: { kind: 'inline', text: '{"ok":true}' } },
    error: null,
    usage: { inputTokens: 198, cachedInputTokens: 0, outputTokens: 241, reasoningTokens: 0 },
    cost: { nanoUsd: 464_800, priceId: 'gpt-4.1-mini/global/2026-08-05', measured: true },
    cache: 'miss',
    attempts: [
      {
        number: 1,
        deployment: 'eastus',
        region: 'eastus',
        statusCode: 200,
        startedAtMs: 1_790_000_003_200,
        latencyMs: 812,
        outcome: 'succeeded',
        reason: null,
      },
    ],
    trail: [],
  },
};

const queued: JobView = {
  job,
  live: openLiveJob(job),
  forecast: { position: 12, startAtMs: 1_790_000_004_900 },
  responseText: null,
};

describe('toJobResource', () => {
  it('tells a queued job as the contract has it', () => {
    expect(toJobResource(queued)).toEqual({
      id: job.id,
      object: 'job',
      status: 'queued',
      endpoint: '/v1/chat/completions',
      model: 'gpt-4.1-mini',
      priority: 'standard',
      created_at: 1_790_000_000,
      deadline_at: 1_790_000_600,
      metadata: { project: 'search' },
      queue: { position: 12, estimated_start_at: 1_790_000_004 },
      estimate: {
        input_tokens: 210,
        output_tokens: 500,
        output_cap: 500,
        output_cap_set_by: 'weir',
        cost_usd: '0.000884',
      },
    });
  });

  it('tells a terminal job as the contract has it', () => {
    const resource = toJobResource({ job: ended, live: null, forecast: null, responseText: '{"ok":true}' });
    expect(resource).toMatchObject({
      status: 'succeeded',
      response: { status_code: 200, request_id: 'req-1', body: { ok: true } },
      error: null,
      usage: { input_tokens: 198, cached_input_tokens: 0, output_tokens: 241, reasoning_tokens: 0 },
      cost: { usd: '0.000465', measured: true, price_id: 'gpt-4.1-mini/global/2026-08-05', cache: 'miss' },
      started_at: 1_790_000_003,
      finished_at: 1_790_000_004,
    });
    expect(resource['attempts']).toEqual([
      {
        number: 1,
        deployment: 'eastus',
        region: 'eastus',
        status_code: 200,
        started_at: 1_790_000_003.2,
        latency_ms: 812,
        outcome: 'succeeded',
      },
    ]);
    expect(resource).not.toHaveProperty('queue');
  });

  it('shows a running job whose cancellation was asked for as running', () => {
    const live = { ...openLiveJob(job), state: 'running' as const, cancelRequested: true };
    expect(toJobResource({ ...queued, live, forecast: null })).toMatchObject({
      status: 'running',
      cancel_requested: true,
      queue: { position: 0 },
    });
  });

  it('gives an answer that is no JSON as text, and null where the content is gone', () => {
    const view = { job: ended, live: null, forecast: null };
    expect(toJobResource({ ...view, responseText: '<html>' })).toMatchObject({ response: { body: '<html>' } });
    expect(toJobResource({ ...view, responseText: null })).toMatchObject({ response: { body: null } });
  });

  it('never shows what is internal', () => {
    const text = JSON.stringify(toJobResource(queued));
    for (const word of ['traceparent', 'fingerprint', 'team', 'hold']) expect(text).not.toContain(word);
  });
});

describe('pollHeaders', () => {
  it('waits until the estimated start, at least a second, and not at all for a terminal job', () => {
    expect(pollHeaders(queued, 1_790_000_000_700)['retry-after']).toBe('5');
    expect(pollHeaders(queued, 1_790_000_009_000)['retry-after']).toBe('1');
    expect(pollHeaders({ ...queued, forecast: null }, 0)['retry-after']).toBe('1');
    expect(pollHeaders({ ...queued, job: ended }, 0)).toEqual({});
  });

  it('says nothing of a start that nobody can tell, and to look again soon', () => {
    const off = { ...queued, forecast: { position: 3, startAtMs: null } };
    expect(toJobResource(off)).toMatchObject({ queue: { position: 3, estimated_start_at: null } });
    expect(pollHeaders(off, 1_790_000_000_000)).toMatchObject({ 'retry-after': '15' });
  });
});

describe('toEventResources', () => {
  it('tells times in seconds and names in snake case', () => {
    const events = toEventResources([
      { type: 'accepted', atMs: 1500 },
      { type: 'deferred', atMs: 2000, reason: 'tpm', untilMs: 3250 },
      {
        type: 'attempt',
        atMs: 4000,
        attempt: 1,
        deployment: 'eastus',
        region: 'eastus',
        statusCode: 429,
        latencyMs: 12,
        outcome: 'throttled',
        reason: 'throttled_tokens',
      },
    ]);
    expect(events).toEqual([
      { object: 'job.event', type: 'accepted', at: 1.5 },
      { object: 'job.event', type: 'deferred', at: 2, reason: 'tpm', until: 3.25 },
      {
        object: 'job.event',
        type: 'attempt',
        at: 4,
        attempt: 1,
        deployment: 'eastus',
        region: 'eastus',
        status_code: 429,
        latency_ms: 12,
        outcome: 'throttled',
        reason: 'throttled_tokens',
      },
    ]);
  });
});
