import type { UsageRow } from '../../src/core/cost/usage-row.ts';
import type { Job, JobEnd } from '../../src/core/jobs/job.ts';
import type { LiveJob } from '../../src/core/jobs/live-job.ts';
import { noUsage } from '../../src/core/tokens/usage.ts';

const noonMs = Date.UTC(2026, 10, 2, 12);

/** A job's id whose place among others is set by `createdAtMs`: later ones sort first. */
export function makeSampleId(createdAtMs: number, tail = '0'.repeat(32)): string {
  return `job_${String(9_999_999_999_999 - createdAtMs).padStart(13, '0')}${tail}`;
}

/** A plain accepted job. */
export function makeSampleJob(team: string, changes: Partial<Job> = {}): Job {
  const createdAtMs = changes.createdAtMs ?? noonMs;
  return {
    id: makeSampleId(createdAtMs),
    team,
    endpoint: '/v1/chat/completions',
    model: 'gpt-4.1-mini',
    lane: 'standard',
    createdAtMs,
    deadlineAtMs: createdAtMs + 600_000,
    metadata: { project: 'search' },
    fingerprint: 'f'.repeat(64),
    idempotencyKeySha256: null,
    request: { kind: 'inline', text: '{"messages":[]}' },
    estimate: { inputTokens: 210, outputTokens: 500, promptCharacters: 840, imposedOutputCap: null },
    estimateNanoUsd: 884_000,
    holdNanoUsd: 900_000,
    budgetPeriod: '2026-11',
    traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
    end: null,
    ...changes,
  };
}

/** The live row of a job that waits. */
export function makeSampleLive(job: Job, changes: Partial<LiveJob> = {}): LiveJob {
  const { team, id, lane, model, createdAtMs, deadlineAtMs } = job;
  return {
    team,
    id,
    lane,
    model,
    createdAtMs,
    deadlineAtMs,
    state: 'queued',
    attempt: 0,
    lease: null,
    intent: null,
    dueAtMs: createdAtMs,
    resends: 0,
    ticket: null,
    cancelRequested: false,
    eraseRequested: false,
    rescues: 0,
    rounds: 0,
    attempts: [],
    billed: { usage: noUsage, cost: { nanoUsd: 0, priceId: null, measured: true } },
    trail: [{ atMs: createdAtMs, type: 'accepted' }],
    ...changes,
  };
}

/** The end of a job that succeeded. */
export function makeSampleEnd(changes: Partial<JobEnd> = {}): JobEnd {
  return {
    status: 'succeeded',
    startedAtMs: noonMs + 1000,
    finishedAtMs: noonMs + 2000,
    response: { statusCode: 200, requestId: 'request-1', body: { kind: 'inline', text: '{"choices":[]}' } },
    error: null,
    usage: { inputTokens: 198, cachedInputTokens: 0, outputTokens: 241, reasoningTokens: 0 },
    cost: { nanoUsd: 464_800, priceId: 'gpt-4.1-mini/global/2026-08-05', measured: true },
    cache: 'miss',
    attempts: [],
    trail: [{ atMs: noonMs, type: 'accepted' }],
    ...changes,
  };
}

/** The usage row of one attempt. */
export function makeSampleUsage(team: string, changes: Partial<UsageRow> = {}): UsageRow {
  return {
    team,
    jobId: makeSampleId(noonMs),
    attempt: 1,
    atMs: noonMs,
    model: 'gpt-4.1-mini',
    endpoint: '/v1/chat/completions',
    deployment: 'eastus',
    region: 'eastus',
    lane: 'standard',
    project: 'search',
    usage: { inputTokens: 198, cachedInputTokens: 0, outputTokens: 241, reasoningTokens: 0 },
    costNanoUsd: 464_800,
    priceId: 'gpt-4.1-mini/global/2026-08-05',
    measured: true,
    cache: 'miss',
    outcome: 'succeeded',
    statusCode: 200,
    errorCode: null,
    latencyMs: 812,
    ...changes,
  };
}
