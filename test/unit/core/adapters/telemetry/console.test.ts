import { describe, expect, it } from 'vitest';
import { ConsoleTelemetry } from '../../../../../src/core/adapters/console/telemetry.ts';
import type { TelemetryLevel } from '../../../../../src/core/telemetry/describe-event.ts';
import { nullTelemetry, teeTelemetry } from '../../../../../src/core/telemetry/tee-telemetry.ts';
import type { TelemetryEvent } from '../../../../../src/core/telemetry/telemetry.ts';

const usage = { inputTokens: 210, cachedInputTokens: 10, outputTokens: 40, reasoningTokens: 0 };
const traced = {
  atMs: Date.parse('2026-11-23T12:34:56.789Z'),
  traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  team: 'search',
  jobId: 'job_1',
};
const job: TelemetryEvent = {
  ...traced,
  type: 'job',
  status: 'succeeded',
  model: 'gpt-4.1-mini',
  lane: 'bulk',
  attempts: 1,
  usage,
  costNanoUsd: 465_400,
  queueMs: 12,
  latencyMs: 812,
  errorCode: null,
};
const attempt: TelemetryEvent = {
  ...traced,
  type: 'attempt',
  attempt: 2,
  model: 'gpt-4.1-mini',
  endpoint: '/v1/chat/completions',
  deployment: 'eastus',
  region: 'eastus',
  target: 'e.openai.azure.com',
  statusCode: null,
  outcome: 'unknown',
  errorCode: 'connection_reset',
  usage,
  costNanoUsd: 0,
  latencyMs: 5,
};
const notice = (level: 'info' | 'warning' | 'error'): TelemetryEvent => ({
  type: 'notice',
  atMs: traced.atMs,
  level,
  name: 'poison_message',
  message: 'line one\nline two\u001b[31m',
  fields: { queue: 'jobs-bulk', count: 2 },
});

function lines(level: TelemetryLevel, ...events: TelemetryEvent[]): string[] {
  const written: string[] = [];
  const telemetry = new ConsoleTelemetry({ level, write: (line) => written.push(line) });
  for (const event of events) telemetry.track(event);
  return written;
}

describe('the console', () => {
  it('tells each event in one line', () => {
    expect(lines('info', job, attempt, notice('info'))).toEqual([
      '12:34:56.789 job      job_1 search bulk gpt-4.1-mini succeeded: 1 attempt, waited 12 ms, took 812 ms, 210 (10 cached) + 40 tokens, $0.000465\n',
      '12:34:56.789 attempt  job_1 #2 eastus gpt-4.1-mini no status unknown (connection_reset): 5 ms, 210 (10 cached) + 40 tokens\n',
      '12:34:56.789 info     poison_message: line one line two [31m queue=jobs-bulk count=2\n',
    ]);
  });

  it('leaves out what is below its level', () => {
    const failed: TelemetryEvent = { ...job, status: 'failed', errorCode: 'upstream_error' };
    expect(lines('warning', job, failed, attempt, notice('info'), notice('error'))).toHaveLength(3);
    expect(lines('error', job, failed, attempt, notice('warning'), notice('error'))).toHaveLength(1);
    expect(lines('silent', job, failed, attempt, notice('error'))).toHaveLength(0);
  });

  it('never throws, however its output fares', async () => {
    const broken = new ConsoleTelemetry({
      level: 'info',
      write: () => {
        throw new Error('EPIPE');
      },
    });
    expect(() => broken.track(job)).not.toThrow();
    await expect(broken.flush()).resolves.toBeUndefined();
  });
});

describe('teeTelemetry', () => {
  it('reports to all sinks, even behind one that fails', async () => {
    const seen: TelemetryEvent[] = [];
    let flushed = 0;
    const failing = {
      track: () => {
        throw new Error('down');
      },
      flush: async () => Promise.reject(new Error('down')),
    };
    const tee = teeTelemetry([
      nullTelemetry,
      failing,
      {
        track: (event) => seen.push(event),
        flush: async () => {
          flushed += 1;
        },
      },
    ]);
    tee.track(job);
    await tee.flush();
    expect([seen, flushed]).toEqual([[job], 1]);
  });
});
