import type { Budget } from '../../budgets/budget.ts';
import type { UsageRow } from '../../cost/usage-row.ts';
import type { Job, Lane } from '../../jobs/job.ts';
import type { LiveJob } from '../../jobs/live-job.ts';
import type { Versioned } from '../../versioned.ts';

/** Rows of one team by their keys. */
export interface MemoryTeam {
  readonly jobs: Map<string, Job>;
  /** Job id by SHA-256 of the idempotency key. */
  readonly idempotencyKeys: Map<string, string>;
  readonly live: Map<string, Versioned<LiveJob>>;
  readonly budgets: Map<string, Versioned<Budget>>;
  /** By the same kind of key as in the table: sorts newest first. */
  readonly usage: Map<string, UsageRow>;
}

/** A message in a queue of the memory state. */
export interface MemoryMessage {
  readonly id: number;
  readonly text: string;
  visibleAtMs: number;
  dequeueCount: number;
}

/** Everything the memory adapters share: what would be one storage account. Open to tests and simulations. */
export interface MemoryState {
  readonly teams: Map<string, MemoryTeam>;
  readonly registered: Set<string>;
  readonly queues: Readonly<Record<Lane, MemoryMessage[]>>;
  /** Text and checksum by name. */
  readonly blobs: Map<string, { readonly text: string; readonly sha256: string }>;
  /** Number of writes so far; versions and message ids are made of it. */
  writes: number;
}

/** An empty account. */
export function makeMemoryState(): MemoryState {
  return {
    teams: new Map(),
    registered: new Set(),
    queues: { interactive: [], standard: [], bulk: [] },
    blobs: new Map(),
    writes: 0,
  };
}

/** The team's rows, made at first use. */
export function openTeam(state: MemoryState, team: string): MemoryTeam {
  const known = state.teams.get(team);
  if (known !== undefined) return known;
  const opened = { jobs: new Map(), idempotencyKeys: new Map(), live: new Map(), budgets: new Map(), usage: new Map() };
  state.teams.set(team, opened);
  return opened;
}

/** Freezes a value through and through: what a store has taken or given is changed by nobody, or the attempt throws. */
export function freezeDeep<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  for (const part of Object.values(value)) freezeDeep(part);
  return value;
}

/** Keys of a map behind `after`, in key order. */
export function keysBehind(map: ReadonlyMap<string, unknown>, after: string | null): string[] {
  const keys = after === null ? [...map.keys()] : [...map.keys()].filter((key) => key > after);
  return keys.sort();
}
