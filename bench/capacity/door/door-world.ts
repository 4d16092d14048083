import type { WeirConfig } from '../../../src/core/config/config-schema.ts';
import { describeProblems } from '../../../src/core/config/describe-problems.ts';
import { parseConfig } from '../../../src/core/config/parse-config.ts';
import type { Ports } from '../../../src/core/gateway/ports.ts';
import { runJob } from '../../../src/core/gateway/run-job.ts';
import { submitJob } from '../../../src/core/gateway/submit-job.ts';
import { sweep } from '../../../src/core/gateway/sweep.ts';
import { WeirError } from '../../../src/core/http/weir-error.ts';
import type { Lane } from '../../../src/core/jobs/job.ts';
import type { WakeUp } from '../../../src/core/jobs/wake-queue.ts';
import type { UpstreamOutcome } from '../../../src/core/routing/upstream.ts';
import { createProcess, createStorage } from '../../regions/weir-system.ts';
import { VirtualTime } from '../../virtual-time.ts';
import { type Draws, draw } from '../seeded.ts';

const model = 'gpt-4.1-mini';
const startMs = 1_790_000_000_000;
const sweepEveryMs = 15_000;
const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export interface DoorSetting {
  readonly seed: number;
  readonly processes: number;
  readonly tokensPerMinute: number;
  readonly teamTokensPerMinute?: number;
  readonly maxQueuedJobs: number;
}

/** Several processes of the real gateway behind one storage, in virtual time; the service admits everything that is sent. */
export class DoorWorld {
  readonly time = new VirtualTime(startMs);
  readonly #draws: Draws;
  readonly #processes: Ports[] = [];

  constructor(setting: DoorSetting) {
    this.#draws = draw(setting.seed, 'door');
    const storage = createStorage(() => this.time.nowMs);
    const config = makeConfig(setting);
    for (let index = 0; index < setting.processes; index += 1) {
      const random = draw(setting.seed, `process ${index}`);
      this.#processes.push(
        createProcess({
          clock: this.time.clock(0),
          random,
          config,
          storage,
          tell: () => {},
          halfTrip: () => this.time.sleep(random.lognormal(5, 0.35)),
          upstream: { prepare: async () => true, call: () => this.#answer() },
          wakeQueue: {
            send: async (lane, wakeUp, delayMs) => this.#deliver(lane, wakeUp, delayMs),
            putBack: async () => {},
            count: async () => 0,
          },
        }),
      );
    }
    const again = () => {
      void sweep(this.#anyone()).then(() => this.time.at(this.time.nowMs + sweepEveryMs, again));
    };
    this.time.at(startMs + sweepEveryMs, again);
  }

  /** One submission at any of the processes: null when it was accepted, else the refusal. */
  async submit(promptCharacters: number, maxTokens: number): Promise<WeirError | null> {
    const messages = [{ role: 'user', content: 'x'.repeat(promptCharacters) }];
    const submission = {
      endpoint: '/v1/chat/completions',
      body: { model, messages, max_tokens: maxTokens },
      model,
      lane: 'standard',
      deadlineSeconds: 3600,
      metadata: {},
      idempotencyKey: null,
      waitSeconds: 0,
    } as const;
    try {
      const principal = { team: 'apps', role: 'team', authenticatedBy: 'key' } as const;
      await submitJob(this.#anyone(), principal, submission, traceparent);
      return null;
    } catch (error) {
      if (error instanceof WeirError) return error;
      throw error;
    }
  }

  #anyone(): Ports {
    const chosen = this.#processes[Math.floor(this.#draws.next() * this.#processes.length)];
    if (chosen === undefined) throw new Error('No process runs.');
    return chosen;
  }

  /** The host polls: a message is found a little after it can be seen. */
  #deliver(_lane: Lane, wakeUp: WakeUp, delayMs: number): void {
    this.time.at(this.time.nowMs + delayMs + this.#draws.uniform(20, 500), () => void runJob(this.#anyone(), wakeUp));
  }

  async #answer(): Promise<UpstreamOutcome> {
    const latencyMs = this.#draws.uniform(1000, 4000);
    await this.time.sleep(latencyMs);
    const message = { role: 'assistant', content: 'An answer.' };
    const usage = { prompt_tokens: 500, completion_tokens: 100, total_tokens: 600 };
    const body = { choices: [{ index: 0, message, finish_reason: 'stop' }], usage };
    const text = JSON.stringify(body);
    return { kind: 'answered', statusCode: 200, headers: {}, requestId: null, body, text, firstByteMs: 500, latencyMs };
  }
}

function makeConfig({ tokensPerMinute, teamTokensPerMinute, maxQueuedJobs }: DoorSetting): WeirConfig {
  const deployments = ['eastus', 'westeurope', 'eastasia'].map((name) => ({
    name,
    region: name,
    endpoint: `https://${name}.openai.azure.com`,
    deployment: model,
    sku: 'GlobalStandard',
    tokensPerMinute,
    requestsPerMinute: tokensPerMinute / 100,
  }));
  const limit = teamTokensPerMinute === undefined ? {} : { tokensPerMinute: teamTokensPerMinute };
  const reading = parseConfig(
    JSON.stringify({
      pools: [{ model, deployments }],
      teams: [{ id: 'apps', models: [model], maxQueuedJobs: 100_000, ...limit }],
      limits: { maxQueuedJobs },
    }),
  );
  if (reading.outcome === 'invalid') throw new Error(describeProblems(reading.problems));
  return reading.config;
}
