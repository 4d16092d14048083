import { formatUsd } from '../budgets/money.ts';
import type { LineForecast } from '../capacity/capacity.ts';
import type { Job, JobEnd, JobStatus } from '../jobs/job.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { fallbackReason } from '../routing/find-fallback.ts';
import { outputCapOf } from '../tokens/output-cap.ts';
import { retryHeaders } from './retry-headers.ts';

/** What is known of a job at one moment. */
export interface JobView {
  readonly job: Job;
  /** Null once the job is terminal. */
  readonly live: LiveJob | null;
  /** Null when no start can be foreseen, or the job is not queued. */
  readonly forecast: LineForecast | null;
  /** JSON text of the upstream's answer; null when there is none (any more). */
  readonly responseText: string | null;
}

/** Status as callers see it: the end is sticky, a claimed job runs, everything else is queued. */
export function jobStatusOf(job: Job, live: LiveJob | null): JobStatus {
  return job.end?.status ?? live?.state ?? 'queued';
}

/** The job as the API tells it (design §4.2): times in Unix seconds, money as a string of six decimals. */
export function toJobResource(view: JobView): Readonly<Record<string, unknown>> {
  const { job, live } = view;
  const cap = outputCapOf(job.estimate);
  return {
    id: job.id,
    object: 'job',
    status: jobStatusOf(job, live),
    endpoint: job.endpoint,
    model: job.model,
    priority: job.lane,
    created_at: toSeconds(job.createdAtMs),
    deadline_at: toSeconds(job.deadlineAtMs),
    metadata: job.metadata,
    ...(job.end === null ? toProgress(view) : {}),
    estimate: {
      input_tokens: job.estimate.inputTokens,
      output_tokens: job.estimate.outputTokens,
      output_cap: cap?.outputTokens ?? null,
      output_cap_set_by: cap?.setBy ?? null,
      cost_usd: formatUsd(job.estimateNanoUsd),
    },
    ...(job.end === null ? {} : toOutcome(job.end, view)),
  };
}

/** A job that waits for something to be turned on is woken within this once it is. */
const turnedOffHintMs = 15_000;

/** `Retry-After` for a job that is not terminal: until its estimated start, a second while it runs; nothing once it ended. */
export function pollHeaders(view: JobView, nowMs: number): Readonly<Record<string, string>> {
  if (view.job.end !== null) return {};
  const isWaiting = view.live?.state !== 'running' && view.forecast !== null;
  if (!isWaiting) return retryHeaders(1000);
  const { startAtMs } = view.forecast;
  return retryHeaders(startAtMs === null ? turnedOffHintMs : Math.max(1000, startAtMs - nowMs));
}

function toProgress({ live, forecast }: JobView): Readonly<Record<string, unknown>> {
  const cancel = live?.cancelRequested === true ? { cancel_requested: true } : {};
  if (live?.state === 'running') {
    // Nobody is ahead of a job that runs; it began with its first attempt.
    const startedAtMs = live.attempts[0]?.startedAtMs ?? live.intent?.startedAtMs ?? null;
    const startedAt = startedAtMs === null ? null : toSeconds(startedAtMs);
    return { queue: { position: 0, estimated_start_at: startedAt }, ...cancel };
  }
  const startAtMs = forecast?.startAtMs ?? null;
  const startAt = startAtMs === null ? null : toSeconds(startAtMs);
  return { queue: { position: forecast?.position ?? null, estimated_start_at: startAt }, ...cancel };
}

function toOutcome(end: JobEnd, view: JobView): Readonly<Record<string, unknown>> {
  return {
    response:
      end.response === null
        ? null
        : {
            status_code: end.response.statusCode,
            request_id: end.response.requestId,
            body: view.responseText === null ? null : readBody(view.responseText),
          },
    error: end.error,
    usage: {
      input_tokens: end.usage.inputTokens,
      cached_input_tokens: end.usage.cachedInputTokens,
      output_tokens: end.usage.outputTokens,
      reasoning_tokens: end.usage.reasoningTokens,
    },
    cost: {
      usd: formatUsd(end.cost.nanoUsd),
      measured: end.cost.measured,
      price_id: end.cost.priceId,
      cache: end.cache,
    },
    attempts: end.attempts.map((attempt) => ({
      number: attempt.number,
      deployment: attempt.deployment,
      region: attempt.region,
      status_code: attempt.statusCode,
      started_at: attempt.startedAtMs / 1000,
      latency_ms: attempt.latencyMs,
      outcome: attempt.outcome,
      ...(attempt.model === undefined ? {} : { model: attempt.model }),
    })),
    ...toFallback(end),
    started_at: end.startedAtMs === null ? null : toSeconds(end.startedAtMs),
    finished_at: toSeconds(end.finishedAtMs),
  };
}

/** Told whenever the last word came from another model than was asked for; `model` stays what was asked for. */
function toFallback({ attempts }: JobEnd): Readonly<Record<string, unknown>> {
  const model = attempts.at(-1)?.model;
  return model === undefined ? {} : { fallback: { model, reason: fallbackReason } };
}

/** An upstream's error page may be no JSON: then the text itself is the body. */
function readBody(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function toSeconds(atMs: number): number {
  return Math.floor(atMs / 1000);
}
