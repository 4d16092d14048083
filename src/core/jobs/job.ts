import type { UsageCost } from '../cost/usage-cost.ts';
import type { CacheState } from '../cost/usage-row.ts';
import type { Estimate } from '../tokens/estimate.ts';
import type { Usage } from '../tokens/usage.ts';
import type { Attempt } from './attempt.ts';
import type { Content } from './content.ts';
import type { TrailEvent } from './trail.ts';

/** Priority classes, most urgent first. */
export const lanes = ['interactive', 'standard', 'bulk'] as const;
export type Lane = (typeof lanes)[number];

/** Upstream operations a job may ask for. */
export const endpoints = ['/v1/chat/completions', '/v1/responses', '/v1/embeddings'] as const;
export type Endpoint = (typeof endpoints)[number];

/** A job is in exactly one of these at its end and never leaves it. */
export const terminalStatuses = ['succeeded', 'failed', 'cancelled', 'expired'] as const;
export type TerminalStatus = (typeof terminalStatuses)[number];

export const jobStatuses = ['queued', 'running', ...terminalStatuses] as const;
export type JobStatus = (typeof jobStatuses)[number];

/** Why a job failed, in the shape of the API's errors; never holds content. */
export interface JobError {
  readonly type: string;
  readonly code: string;
  readonly message: string;
}

/** What the upstream answered, as it came. */
export interface JobResponse {
  readonly statusCode: number;
  readonly requestId: string | null;
  /** JSON text of the body. */
  readonly body: Content;
}

/** Everything that is known once a job is terminal. */
export interface JobEnd {
  readonly status: TerminalStatus;
  /** Start of the first attempt; null when none was made. */
  readonly startedAtMs: number | null;
  readonly finishedAtMs: number;
  readonly response: JobResponse | null;
  readonly error: JobError | null;
  /** Sums over all attempts. */
  readonly usage: Usage;
  readonly cost: UsageCost;
  /** What the answer came from. */
  readonly cache: CacheState;
  readonly attempts: readonly Attempt[];
  readonly trail: readonly TrailEvent[];
}

/**
 * One accepted request (row `job|id`): written at acceptance and at its end, never in between.
 * What changes in between is its LiveJob.
 */
export interface Job {
  /** `job_` + inverted milliseconds + 128 random bits: sorts newest first. */
  readonly id: string;
  readonly team: string;
  readonly endpoint: Endpoint;
  readonly model: string;
  readonly lane: Lane;
  readonly createdAtMs: number;
  readonly deadlineAtMs: number;
  readonly metadata: Readonly<Record<string, string>>;
  /** SHA-256 of the canonical JSON of the request's five fields. */
  readonly fingerprint: string;
  readonly idempotencyKeySha256: string | null;
  /** JSON text of the request body as the caller sent it. */
  readonly request: Content;
  readonly estimate: Estimate;
  /** What the estimate costs at the prices of acceptance, integer nano-dollars. */
  readonly estimateNanoUsd: number;
  /** Upper bound of the cost, kept free in the team's budget until the job ends. */
  readonly holdNanoUsd: number;
  /** The budget row that carries the hold, e.g. `2026-11`. */
  readonly budgetPeriod: string;
  /** W3C trace context of the accepting request: ties acceptance, attempts and result together. */
  readonly traceparent: string;
  readonly end: JobEnd | null;
}

/** A job before its request is stored. */
export type JobDraft = Omit<Job, 'request'>;
