import { type Draws, draw } from '../../bench/capacity/seeded.ts';
import { VirtualTime } from '../../bench/virtual-time.ts';
import { MemoryCapacityStore } from '../../src/core/adapters/memory/capacity-store.ts';
import { MemoryDeadLetters } from '../../src/core/adapters/memory/dead-letters.ts';
import { type MemoryState, makeMemoryState } from '../../src/core/adapters/memory/memory-state.ts';
import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import type { Lane } from '../../src/core/jobs/job.ts';
import { seedEarlierJobs } from './earlier-jobs.ts';
import { Hand } from './hand.ts';
import { makeConfig } from './make-config.ts';
import { seedHistory } from './seed-history.ts';
import { StorageLink } from './storage-link.ts';
import { Trace } from './trace.ts';
import { drawWeather, type Weather } from './weather.ts';

const startMs = Date.UTC(2026, 10, 2, 12);

/** A message in a poison queue. */
export interface PoisonMessage {
  readonly text: string;
  visibleAtMs: number;
}

/** Everything that outlives a process: time, storage, configuration, and the record of what happened. */
export interface World {
  readonly seed: number;
  readonly weather: Weather;
  readonly time: VirtualTime;
  readonly trace: Trace;
  readonly state: MemoryState;
  readonly capacityStore: MemoryCapacityStore;
  readonly deadLetters: MemoryDeadLetters;
  readonly poison: Readonly<Record<Lane, PoisonMessage[]>>;
  readonly link: StorageLink;
  readonly hand: Hand;
  config: WeirConfig;
  readonly startMs: number;
  /** Draws for one part of the run, independent of every other part's. */
  draw(part: string): Draws;
}

/** The world of a seed before its first step; `print` gets every step. */
export function makeWorld(seed: number, print: ((line: string) => void) | null): World {
  const weather = drawWeather(draw(seed, 'weather'));
  const time = new VirtualTime(startMs);
  const trace = new Trace(() => time.nowMs, print);
  const config = makeConfig(weather);
  const state = makeMemoryState();
  for (const { id } of config.teams) seedEarlierJobs(state, id, startMs);
  if (weather.capsAreLearnt) for (const { id } of config.teams) seedHistory(state, id, startMs);
  const world: World = {
    seed,
    weather,
    time,
    trace,
    state,
    capacityStore: new MemoryCapacityStore(() => time.nowMs),
    deadLetters: new MemoryDeadLetters(),
    poison: { interactive: [], standard: [], bulk: [] },
    link: new StorageLink(time, draw(seed, 'storage'), trace, weather),
    config,
    startMs,
    draw: (part) => draw(seed, part),
    hand: new Hand(() => world),
  };
  return world;
}
