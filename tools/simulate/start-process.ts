import { MemoryContentStore } from '../../src/core/adapters/memory/content-store.ts';
import { MemoryJobStore } from '../../src/core/adapters/memory/job-store.ts';
import { MemoryLiveJobStore } from '../../src/core/adapters/memory/live-job-store.ts';
import { MemoryRepairStore } from '../../src/core/adapters/memory/repair-store.ts';
import { fourLettersAToken } from '../../src/core/adapters/memory/token-counter.ts';
import { MemoryUsageStore } from '../../src/core/adapters/memory/usage-store.ts';
import { MemoryWakeQueue } from '../../src/core/adapters/memory/wake-queue.ts';
import { sha256 } from '../../src/core/adapters/system/sha256.ts';
import { createPoolLimitsReader } from '../../src/core/capacity/pool-limits.ts';
import { PooledCapacity } from '../../src/core/capacity/pooled-capacity.ts';
import type { OuterPorts } from '../../src/core/gateway/outer-ports.ts';
import { makeOwnParts } from '../../src/core/gateway/own-parts.ts';
import type { Ports } from '../../src/core/gateway/ports.ts';
import { inlineLimit } from '../../src/core/jobs/content.ts';
import type { WakeQueue } from '../../src/core/jobs/wake-queue.ts';
import { breakerPolicy } from '../../src/core/routing/breaker-policy.ts';
import type { TelemetryEvent } from '../../src/core/telemetry/telemetry.ts';
import { SimulatedProcess } from './simulated-process.ts';
import type { SimulatedService } from './simulated-upstream.ts';
import type { Witness } from './witness.ts';
import type { World } from './world.ts';

/** A process and the use cases' ports as its composition would build them. */
export interface RunningProcess {
  readonly process: SimulatedProcess;
  readonly ports: Ports;
}

/** Few rows a page, so that walks turn pages. */
const pageSize = 5;

/** Starts a process: the real use cases and policies, with storage, time and the model service reached over the link. */
export function startProcess(
  world: World,
  witness: Witness,
  service: SimulatedService,
  number: number,
): RunningProcess {
  const { time, state, link, weather } = world;
  const draws = world.draw(`process ${number}`);
  const skewMs = Math.round(draws.uniform(-weather.skewMs, weather.skewMs));
  const process = new SimulatedProcess(`p${number}`, time, draws, skewMs);
  const { clock } = process;
  const holder = process.name;
  const telemetry = { track: (event: TelemetryEvent) => judgeNotice(world, event), flush: async () => {} };
  // A text that fits the row needs no blob.
  const isInline = (method: string, [content, , , text]: readonly unknown[]) =>
    (method === 'keep' && typeof text === 'string' && text.length <= inlineLimit) ||
    (method === 'read' && isObject(content) && content['kind'] === 'inline');
  const current = () => world.config;
  const outer: OuterPorts = {
    clock,
    random: draws,
    sha256,
    config: { current, start: async () => {}, stop: async () => {} },
    jobs: link.connect(process, 'jobs', witness.watch(process, new MemoryJobStore(state))),
    live: link.connect(process, 'live', new MemoryLiveJobStore(state, pageSize)),
    usage: link.connect(process, 'usage', new MemoryUsageStore(state)),
    repairs: link.connect(process, 'repairs', new MemoryRepairStore(state, pageSize)),
    contents: link.connect(process, 'contents', new MemoryContentStore(state, sha256), isInline),
    wakeQueue: link.connect(process, 'queue', doubling(world, new MemoryWakeQueue(state, () => time.nowMs), holder)),
    deadLetters: link.connect(process, 'letters', world.deadLetters),
    upstream: service.connect(process),
    capacity: new PooledCapacity({
      store: link.connect(process, 'capacity', world.capacityStore),
      clock,
      random: draws,
      telemetry,
      health: breakerPolicy,
      limits: createPoolLimitsReader(current),
    }),
    telemetry,
    tokenCounter: fourLettersAToken,
    settings: { leaseMs: weather.leaseMs, graceMs: weather.graceMs },
    holder,
  };
  return { process, ports: { ...outer, ...makeOwnParts(outer) } };
}

/** What the sweep passes over is told, not thrown: only storage that is away excuses it. */
function judgeNotice({ trace }: World, event: TelemetryEvent): void {
  if (event.type !== 'notice' || (event.name !== 'job_not_mended' && event.name !== 'page_not_swept')) return;
  const { team, job, cause } = event.fields;
  if (cause !== 'StorageUnavailableError') trace.violate(`${event.name} over ${team}, ${job}: ${cause}`);
}

/** A queue that sometimes takes a message twice, as when an answer was lost and the send was repeated. */
function doubling(world: World, queue: MemoryWakeQueue, holder: string): WakeQueue {
  const draws = world.draw(`duplicates of ${holder}`);
  return {
    send: async (lane, wakeUp, delayMs) => {
      await queue.send(lane, wakeUp, delayMs);
      if (!world.link.isFaulty || draws.next() >= world.weather.duplicates) return;
      world.trace.count('message delivered twice', wakeUp.job);
      await queue.send(lane, wakeUp, delayMs);
    },
    putBack: (lane, text, life) => queue.putBack(lane, text, life),
    count: (lane) => queue.count(lane),
  };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
