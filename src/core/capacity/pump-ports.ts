import type { Clock } from '../clock.ts';
import type { Random } from '../random.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { CapacityStore } from './capacity-store.ts';
import type { HealthPolicy } from './deployment-health.ts';
import type { ReadPoolLimits } from './pool-limits.ts';

/** What a pump works with; the same for every pool of a process. */
export interface PumpPorts {
  readonly store: CapacityStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly telemetry: Telemetry;
  readonly health: HealthPolicy;
  readonly limits: ReadPoolLimits;
}
