import { MemoryCapacityStore } from '../../src/core/adapters/memory/capacity-store.ts';
import { createPoolLimitsReader } from '../../src/core/capacity/pool-limits.ts';
import { PooledCapacity } from '../../src/core/capacity/pooled-capacity.ts';
import { receiveMessage } from '../../src/core/gateway/receive-message.ts';
import { lanes } from '../../src/core/jobs/job.ts';
import { breakerPolicy } from '../../src/core/routing/breaker-policy.ts';
import { type GatewayOptions, GatewayUnderTest } from './gateway-under-test.ts';
import { answer } from './scripted-upstream.ts';

const pollEveryMs = 100;

/** A gateway with the real ledger, calls that take their time, and workers that take every message as it becomes visible. */
export class RunningGateway extends GatewayUnderTest {
  calls = 0;
  #isStopped = false;

  constructor(options: GatewayOptions & { readonly callMs?: number } = {}) {
    super(options);
    const { clock } = this;
    const { random, telemetry } = this.ports;
    const callMs = options.callMs ?? 2000;
    Object.assign(this.ports, {
      capacity: new PooledCapacity({
        store: new MemoryCapacityStore(() => clock.now()),
        clock,
        random,
        telemetry,
        health: breakerPolicy,
        limits: createPoolLimitsReader(() => this.config),
      }),
      upstream: {
        call: async (_request: unknown, signal: AbortSignal) => {
          this.calls += 1;
          await clock.sleep(callMs, signal);
          return { ...answer(), latencyMs: callMs };
        },
      },
    });
  }

  /** Takes messages until `stop`; time is moved by the test. */
  async run(): Promise<void> {
    while (!this.#isStopped) {
      for (const lane of lanes) {
        for (let message = this.queue.receive(lane, 30_000); message !== null; ) {
          const { id, text } = message;
          void receiveMessage(this.ports, lane, { text, expiresAtMs: null }).then(() => this.queue.complete(lane, id));
          message = this.queue.receive(lane, 30_000);
        }
      }
      await this.clock.sleep(pollEveryMs);
    }
  }

  stop(): void {
    this.#isStopped = true;
  }
}
