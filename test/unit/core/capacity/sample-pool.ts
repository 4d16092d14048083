import type { BookingRequest, CallReport } from '../../../../src/core/capacity/capacity.ts';
import type { BookingBatch } from '../../../../src/core/capacity/decide-bookings.ts';
import { alwaysHealthy } from '../../../../src/core/capacity/deployment-health.ts';
import type { DeploymentLimits, PoolLimits } from '../../../../src/core/capacity/pool-limits.ts';
import { createPoolState } from '../../../../src/core/capacity/pool-state.ts';

export const startMs = 1_790_000_000_000;

/** One pay-as-you-go deployment of 10 K TPM and 600 RPM. */
export function deployment(over: Partial<DeploymentLimits> = {}): DeploymentLimits {
  return {
    name: 'east',
    region: 'east',
    priority: 1,
    isProvisioned: false,
    isPaused: false,
    tokensPerMinute: 10_000,
    requestsPerMinute: 600,
    requestWindowSeconds: 10,
    spill: ['interactive', 'standard', 'bulk'],
    ...over,
  };
}

export function pool(over: Partial<PoolLimits> = {}): PoolLimits {
  return {
    model: 'model',
    isPaused: false,
    loadThreshold: 0.8,
    deployments: [deployment()],
    teams: new Map(),
    ...over,
  };
}

let jobs = 0;

/** A job that the service charges `tokens` for. */
export function ask(tokens: number, over: Partial<BookingRequest> = {}): BookingRequest {
  jobs += 1;
  return {
    jobId: `job_${jobs}`,
    team: 'search',
    model: 'model',
    lane: 'interactive',
    estimate: { inputTokens: 0, outputTokens: tokens - 1, promptCharacters: 0, imposedOutputCap: null },
    ticket: null,
    deadlineAtMs: startMs + 3_600_000,
    exclude: [],
    urgent: false,
    ...over,
  };
}

export function batch(over: Partial<BookingBatch> = {}): BookingBatch {
  return {
    state: createPoolState(),
    limits: pool(),
    health: alwaysHealthy,
    nowMs: startMs,
    leadMs: 0,
    requests: [],
    news: [],
    ...over,
  };
}

/** A call that succeeded and used less than was booked. */
export function report(over: Partial<CallReport> & Pick<CallReport, 'booking'>): CallReport {
  return {
    jobId: over.booking.id,
    endpoint: '/v1/chat/completions',
    sentAtMs: over.booking.sendAtMs,
    outcome: 'succeeded',
    reason: null,
    statusCode: 200,
    health: 'good',
    throttle: null,
    coolDownMs: null,
    limitTokens: null,
    remainingTokens: null,
    firstByteMs: 100,
    latencyMs: 500,
    usage: { inputTokens: 10, cachedInputTokens: 0, outputTokens: 20, reasoningTokens: 0 },
    ...over,
  };
}
