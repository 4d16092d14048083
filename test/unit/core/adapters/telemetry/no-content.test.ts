import { describe, expect, it } from 'vitest';
import { toCustomEvent } from '../../../../../src/core/adapters/application-insights/to-custom-event.ts';
import { toDependency } from '../../../../../src/core/adapters/application-insights/to-dependency.ts';
import { describeEvent } from '../../../../../src/core/telemetry/describe-event.ts';
import type { TelemetryEvent } from '../../../../../src/core/telemetry/telemetry.ts';

const usage = { inputTokens: 1, cachedInputTokens: 0, outputTokens: 2, reasoningTokens: 0 };
const traced = {
  atMs: 1000,
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  team: 'search',
  jobId: 'job_1',
};
const job = {
  ...traced,
  type: 'job',
  status: 'failed',
  model: 'm',
  lane: 'bulk',
  attempts: 1,
  usage,
  costNanoUsd: 1,
  queueMs: 2,
  latencyMs: 3,
  errorCode: 'upstream_error',
} satisfies TelemetryEvent;
const attempt = {
  ...traced,
  type: 'attempt',
  attempt: 2,
  model: 'm',
  endpoint: '/v1/embeddings',
  deployment: 'd',
  region: 'r',
  target: 't',
  statusCode: 503,
  outcome: 'failed',
  errorCode: 'server_error_503',
  usage,
  costNanoUsd: 1,
  latencyMs: 3,
} satisfies TelemetryEvent;

/** What a careless caller might hand over with an event: the types forbid it, and nothing must carry it if they did not. */
const smuggled = {
  body: 'CANARY',
  request: { messages: ['CANARY'] },
  response: 'CANARY',
  prompt: 'CANARY',
  key: 'CANARY',
  headers: { authorization: 'CANARY' },
};

describe('telemetry', () => {
  it.each([job, attempt])('carries nothing but the fields of the contract ($type)', (event) => {
    const careless = { ...event, ...smuggled };
    const sent = [
      toCustomEvent(careless),
      describeEvent(careless),
      ...(careless.type === 'attempt' ? [toDependency(careless)] : []),
    ];
    expect(JSON.stringify(sent)).not.toContain('CANARY');
  });

  it('names its fields as alerts and workbook read them', () => {
    const names = (event: TelemetryEvent) => {
      const { properties, measurements } = toCustomEvent(event);
      return [Object.keys(properties).sort().join(' '), Object.keys(measurements).sort().join(' ')];
    };
    const tokens = 'cachedInputTokens costNanoUsd inputTokens latencyMs outputTokens';
    expect(names(job)).toEqual([
      'errorCode jobId lane model status team',
      `attempts ${tokens} queueMs reasoningTokens`,
    ]);
    expect(names(attempt)).toEqual([
      'attempt deployment endpoint errorCode jobId model outcome region statusCode target team',
      `${tokens} reasoningTokens`,
    ]);
  });

  it("keeps a notice's own name and level, whatever its fields are called", () => {
    const notice: TelemetryEvent = {
      type: 'notice',
      atMs: 1,
      level: 'error',
      name: 'queue_depth',
      message: 'deep',
      fields: { name: 'x', level: 'y', lane: 'bulk', oldestAgeSeconds: 7 },
    };
    expect(toCustomEvent(notice)).toEqual({
      name: 'weir.notice',
      properties: { name: 'queue_depth', level: 'error', message: 'deep', lane: 'bulk' },
      measurements: { oldestAgeSeconds: 7 },
    });
  });

  it('counts a throttled call as a deferral, not as a failed dependency', () => {
    expect(toDependency({ ...attempt, outcome: 'throttled' }).hasFailed).toBe(false);
    expect(toDependency(attempt)).toMatchObject({
      hasFailed: true,
      startedAtMs: 997,
      endedAtMs: 1000,
      name: 'embeddings m',
    });
  });
});
