import { createHash } from 'node:crypto';
import { MemoryCapacityStore } from '../../src/core/adapters/memory/capacity-store.ts';
import { MemoryContentStore } from '../../src/core/adapters/memory/content-store.ts';
import { MemoryDeadLetters } from '../../src/core/adapters/memory/dead-letters.ts';
import { MemoryJobStore } from '../../src/core/adapters/memory/job-store.ts';
import { MemoryLiveJobStore } from '../../src/core/adapters/memory/live-job-store.ts';
import { type MemoryState, makeMemoryState, openTeam } from '../../src/core/adapters/memory/memory-state.ts';
import { MemoryRepairStore } from '../../src/core/adapters/memory/repair-store.ts';
import { fourLettersAToken } from '../../src/core/adapters/memory/token-counter.ts';
import { MemoryUsageStore } from '../../src/core/adapters/memory/usage-store.ts';
import { createPoolLimitsReader } from '../../src/core/capacity/pool-limits.ts';
import { PooledCapacity } from '../../src/core/capacity/pooled-capacity.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { makeOwnParts } from '../../src/core/gateway/own-parts.ts';
import type { Ports } from '../../src/core/gateway/ports.ts';
import type { TeamChange } from '../../src/core/jobs/job-store.ts';
import type { WakeQueue } from '../../src/core/jobs/wake-queue.ts';
import type { Random } from '../../src/core/random.ts';
import { breakerPolicy } from '../../src/core/routing/breaker-policy.ts';
import type { Upstream } from '../../src/core/routing/upstream.ts';
import type { TelemetryEvent } from '../../src/core/telemetry/telemetry.ts';
import type { WayLog } from './way-log.ts';

/** What all processes of a system share. */
export interface SharedStorage {
  readonly state: MemoryState;
  readonly pool: MemoryCapacityStore;
  /** Storage calls so far. */
  operations: number;
}

export function createStorage(now: () => number): SharedStorage {
  return { state: makeMemoryState(), pool: new MemoryCapacityStore(now), operations: 0 };
}

export interface ProcessParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly config: WeirConfig;
  readonly upstream: Upstream;
  readonly wakeQueue: WakeQueue;
  readonly storage: SharedStorage;
  /** Half of a storage call's round trip. */
  readonly halfTrip: () => Promise<void>;
  readonly tell: (event: TelemetryEvent) => void;
  readonly ways?: WayLog;
}

/** One process of the real gateway: its use cases, policy and pump over memory storage behind a network. */
export function createProcess(parts: ProcessParts): Ports {
  const { clock, random, config, upstream, wakeQueue, storage, tell } = parts;
  const away = <T extends object>(port: T) => delayed(port, parts);
  const jobs = away(new MemoryJobStore(storage.state));
  const live = away(new MemoryLiveJobStore(storage.state));
  const usage = away(new MemoryUsageStore(storage.state));
  const telemetry = { track: tell, flush: async () => {} };
  const repairs = away(new MemoryRepairStore(storage.state));
  const configSource = { current: () => config, start: async () => {}, stop: async () => {} };
  const shared = { clock, random, config: configSource, jobs, live, usage, repairs, telemetry, upstream };
  return {
    ...shared,
    ...makeOwnParts(shared),
    tokenCounter: fourLettersAToken,
    sha256,
    // Small bodies travel in the rows: they cost no call of their own.
    contents: new MemoryContentStore(storage.state, sha256),
    wakeQueue,
    deadLetters: new MemoryDeadLetters(),
    capacity: watched(
      new PooledCapacity({
        store: away(storage.pool),
        clock,
        random,
        telemetry,
        health: breakerPolicy,
        limits: createPoolLimitsReader(() => config),
      }),
      parts,
    ),
    settings: { leaseMs: 45_000, graceMs: 20_000 },
    holder: random.hex(4),
  };
}

/** What the accounts say all calls cost, in rows of attempts. */
export function countUsageRows({ state }: SharedStorage): number {
  return [...state.teams.keys()].reduce((sum, team) => sum + openTeam(state, team).usage.size, 0);
}

/** A store behind a network: each call takes half a trip, happens, and takes the other half. */
function delayed<T extends object>(port: T, { storage, halfTrip, clock, ways }: ProcessParts): T {
  const isPool = port instanceof MemoryCapacityStore;
  return new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        storage.operations += 1;
        const startMs = clock.now();
        await halfTrip();
        const result: unknown = await member.apply(target, args);
        await halfTrip();
        ways?.trips.push({ startMs, endMs: clock.now(), jobs: isPool ? null : jobsOf(args) });
        return result;
      };
    },
  });
}

/** The jobs whose rows a transaction changes. */
function jobsOf([, changes]: readonly unknown[]): string[] {
  return (Array.isArray(changes) ? changes : []).map(({ job, live }: TeamChange & Changed) => (live ?? job)?.id ?? '');
}

interface Changed {
  readonly job?: { readonly id: string };
  readonly live?: { readonly id: string };
}

/** The least that a booking leaves for a claim (core/capacity). */
const leastClaimMs = 25;

/** Capacity that puts down which places it gave. */
function watched(capacity: PooledCapacity, { clock, ways }: ProcessParts): PooledCapacity {
  const book = capacity.book.bind(capacity);
  capacity.book = async (request) => {
    const result = await book(request);
    if (result.outcome !== 'booked') return result;
    const { sendAtMs } = result.booking;
    const claimMs = Math.max(leastClaimMs, request.claimMs ?? 0);
    ways?.places.push({ job: request.jobId, bookedMs: clock.now(), sendAtMs, claimMs });
    return result;
  };
  return capacity;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
