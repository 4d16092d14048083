import { runJob } from '../../src/core/gateway/run-job.ts';
import { submitJob } from '../../src/core/gateway/submit-job.ts';
import type { WakeQueue, WakeUp } from '../../src/core/jobs/wake-queue.ts';
import type { Upstream, UpstreamOutcome } from '../../src/core/routing/upstream.ts';
import { draw } from '../capacity/seeded.ts';
import { percentile } from '../percentile.ts';
import { makeBenchConfig } from './bench-config.ts';
import { submissionOf, traceparent } from './run-weir.ts';
import { createProcess, createStorage } from './weir-system.ts';

/** In milliseconds of the real clock. */
export interface FailoverTimes {
  readonly failovers: number;
  readonly p50: number;
  readonly p99: number;
  /** Storage calls between the two upstream calls of one failover. */
  readonly storageCalls: number;
}

const jobs = 300;
/** One call in so many fails: a breaker must not open over it. */
const failEvery = 6;

/**
 * How long the real gateway takes on the real clock from a failed call to the same job's next call, with storage that answers
 * at once: what is left is Weir's own time. Storage calls on the way are counted, not timed.
 */
export async function timeFailover(): Promise<FailoverTimes> {
  const gaps: number[] = [];
  let counted = 0;
  let calls = 0;
  let failed: { atMs: number; operations: number } | null = null;
  let wakeUp: WakeUp | null = null;
  const storage = createStorage(Date.now);
  const upstream: Upstream = {
    prepare: async () => true,
    call: async () => {
      const sentMs = performance.now();
      if (failed !== null) {
        gaps.push(sentMs - failed.atMs);
        counted += storage.operations - failed.operations;
      }
      const isFailing = failed === null && calls % failEvery === failEvery - 1;
      calls += 1;
      failed = isFailing ? { atMs: performance.now(), operations: storage.operations } : null;
      return isFailing
        ? answer(503, { error: { code: 'ServiceUnavailable', message: 'Unavailable.' } })
        : answer(200, chat);
    },
  };
  const wakeQueue: WakeQueue = {
    send: async (_lane, sent) => {
      wakeUp = sent;
    },
    putBack: async () => {},
    count: async () => 0,
  };
  const clock = {
    now: () => performance.timeOrigin + performance.now(),
    sleep: (durationMs: number, signal?: AbortSignal) => sleepReally(durationMs, signal),
  };
  const ports = createProcess({
    clock,
    random: draw(7, 'failover'),
    config: makeBenchConfig({ tokensPerMinute: 10_000_000, requestsPerMinute: 60_000 }),
    storage,
    upstream,
    wakeQueue,
    halfTrip: async () => {},
    tell: () => {},
  });
  const principal = { team: 'apps', role: 'team', authenticatedBy: 'key' } as const;
  for (let count = 0; count < jobs; count += 1) {
    await submitJob(ports, principal, submissionOf('interactive'), traceparent);
    if (wakeUp !== null) await runJob(ports, wakeUp);
  }
  gaps.sort((left, right) => left - right);
  const storageCalls = counted / Math.max(1, gaps.length);
  return { failovers: gaps.length, p50: percentile(gaps, 0.5), p99: percentile(gaps, 0.99), storageCalls };
}

const chat = {
  choices: [{ index: 0, message: { role: 'assistant', content: 'An answer.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 500, completion_tokens: 20, total_tokens: 520 },
};

function answer(statusCode: number, body: unknown): UpstreamOutcome {
  const text = JSON.stringify(body);
  return { kind: 'answered', statusCode, headers: {}, requestId: null, body, text, firstByteMs: 1, latencyMs: 1 };
}

function sleepReally(durationMs: number, signal?: AbortSignal): Promise<void> {
  if (durationMs <= 0 || signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    signal?.addEventListener('abort', end, { once: true });
  });
}
