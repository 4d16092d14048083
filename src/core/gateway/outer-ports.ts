import type { Capacity } from '../capacity/capacity.ts';
import type { Clock } from '../clock.ts';
import type { ConfigSource } from '../config/config-source.ts';
import type { UsageStore } from '../cost/usage-store.ts';
import type { ContentStore } from '../jobs/content.ts';
import type { DeadLetters } from '../jobs/dead-letters.ts';
import type { JobStore, LiveJobStore } from '../jobs/job-store.ts';
import type { RepairStore } from '../jobs/repair-store.ts';
import type { WakeQueue } from '../jobs/wake-queue.ts';
import type { Random, Sha256 } from '../random.ts';
import type { Upstream } from '../routing/upstream.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { TokenCounter } from '../tokens/token-counter.ts';

/** Durations of the engine; design §6 and §8 have the reasons. */
interface EngineSettings {
  /** A claimed job whose worker has been silent this long may be taken over. */
  readonly leaseMs: number;
  /** Time that calls in flight get to finish once termination was asked for. */
  readonly graceMs: number;
}

/** What a process is given: the world outside it, by its ports, and who it is. */
export interface OuterPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly sha256: Sha256;
  readonly config: ConfigSource;
  readonly jobs: JobStore;
  readonly live: LiveJobStore;
  readonly usage: UsageStore;
  readonly repairs: RepairStore;
  readonly contents: ContentStore;
  readonly wakeQueue: WakeQueue;
  readonly deadLetters: DeadLetters;
  readonly upstream: Upstream;
  readonly capacity: Capacity;
  readonly telemetry: Telemetry;
  readonly tokenCounter: TokenCounter;
  readonly settings: EngineSettings;
  /** Names this process in leases. */
  readonly holder: string;
}
