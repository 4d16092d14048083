import type { AttemptReading, JobReading } from '../../../../tools/demo/job-reading.ts';
import { type JobRecord, startRecord } from '../../../../tools/demo/job-record.ts';

/** One upstream call as a job tells it. */
export function makeAttempt(overrides: Partial<AttemptReading> = {}): AttemptReading {
  return {
    number: 1,
    deployment: 'eastus',
    region: 'eastus',
    status_code: 200,
    started_at: 1_790_000_001,
    latency_ms: 500,
    outcome: 'succeeded',
    ...overrides,
  };
}

/** An accepted job that succeeded in its first call, one second after acceptance, and ended after two. */
export function makeRecord(id: string, reading: Partial<JobReading> = {}, record: Partial<JobRecord> = {}): JobRecord {
  const planned = {
    team: 'search',
    lane: 'standard',
    promptId: 'en-a',
    idempotencyKey: `k-${id}`,
    submission: {},
  } as const;
  return {
    ...startRecord(planned),
    id,
    acceptedAtMs: 1_790_000_000_000,
    endedAtMs: 1_790_000_002_000,
    reading: {
      id,
      status: 'succeeded',
      priority: 'standard',
      error: null,
      usage: { input_tokens: 10, output_tokens: 5 },
      cost: { usd: '0.000120' },
      attempts: [makeAttempt()],
      ...reading,
    },
    ...record,
  };
}
