import { runJob } from '../../src/core/gateway/run-job.ts';
import { submitJob } from '../../src/core/gateway/submit-job.ts';
import type { WakeQueue, WakeUp } from '../../src/core/jobs/wake-queue.ts';
import type { Upstream, UpstreamOutcome } from '../../src/core/routing/upstream.ts';
import { draw } from '../capacity/seeded.ts';
import { percentile } from '../percentile.ts';
import { VirtualTime } from '../virtual-time.ts';
import { makeBenchConfig } from './bench-config.ts';
import { submissionOf, traceparent } from './run-weir.ts';
import { createProcess, createStorage } from './weir-system.ts';

/** In milliseconds of a processor. */
export interface FailoverWork {
  readonly failovers: number;
  readonly p50: number;
  readonly p99: number;
  readonly samplesMs: readonly number[];
}

const jobs = 1200;
/** One call in so many fails: a breaker must not open over it. */
const failEvery = 6;
/** Compiled and warm: a process that has just started is no measure. */
const warmUpFailovers = 20;

/**
 * How long the real gateway computes between a failed call and the same job's next call. Waiting passes in virtual time, so that what is counted
 * is the processor's time of this process alone, garbage collection included, however busy the machine is.
 */
export async function timeFailover(): Promise<FailoverWork> {
  const work: number[] = [];
  let calls = 0;
  let failedAt: NodeJS.CpuUsage | null = null;
  let wakeUp: WakeUp | null = null;
  const time = new VirtualTime(1_790_000_000_000);
  const storage = createStorage(() => time.nowMs);
  const upstream: Upstream = {
    prepare: async () => true,
    call: async () => {
      if (failedAt !== null) {
        const { user, system } = process.cpuUsage(failedAt);
        work.push((user + system) / 1000);
      }
      const isFailing = failedAt === null && calls % failEvery === failEvery - 1;
      calls += 1;
      failedAt = isFailing ? process.cpuUsage() : null;
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
  const ports = createProcess({
    clock: time.clock(0),
    random: draw(7, 'failover'),
    config: makeBenchConfig({ tokensPerMinute: 10_000_000, requestsPerMinute: 60_000 }),
    storage,
    upstream,
    wakeQueue,
    halfTrip: async () => {},
    tell: () => {},
  });
  const principal = { team: 'apps', role: 'team', authenticatedBy: 'key' } as const;
  const runAll = async () => {
    for (let count = 0; count < jobs; count += 1) {
      await submitJob(ports, principal, submissionOf('interactive'), traceparent);
      if (wakeUp !== null) await runJob(ports, wakeUp);
    }
  };
  const running = runAll();
  await time.run(time.nowMs + 3_600_000);
  await running;
  const warm = work.slice(warmUpFailovers).sort((left, right) => left - right);
  return { failovers: warm.length, p50: percentile(warm, 0.5), p99: percentile(warm, 0.99), samplesMs: warm };
}

const chat = {
  choices: [{ index: 0, message: { role: 'assistant', content: 'An answer.' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 500, completion_tokens: 20, total_tokens: 520 },
};

function answer(statusCode: number, body: unknown): UpstreamOutcome {
  const text = JSON.stringify(body);
  return { kind: 'answered', statusCode, headers: {}, requestId: null, body, text, firstByteMs: 1, latencyMs: 1 };
}
