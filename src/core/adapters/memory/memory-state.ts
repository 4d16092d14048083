import type { Budget } from '../../budgets/budget.ts';
import type { UsageRow } from '../../cost/usage-row.ts';
import type { Job, Lane } from '../../jobs/job.ts';
import type { LiveJob } from '../../jobs/live-job.ts';
import { DamagedRowError, type Versioned } from '../../versioned.ts';

/** Rows of one team by their keys. */
export interface MemoryTeam {
  readonly jobs: Map<string, Job>;
  /** Job id by SHA-256 of the idempotency key. */
  readonly idempotencyKeys: Map<string, string>;
  readonly live: Map<string, Versioned<LiveJob>>;
  readonly budgets: Map<string, Versioned<Budget>>;
  /** By the same kind of key as in the table: sorts newest first. */
  readonly usage: Map<string, UsageRow>;
  /** Keys of rows that cannot be read, e.g. `live|job_…`: somebody edited them by hand. Writing such a row anew mends it. */
  readonly damaged: Set<string>;
}

/** Kinds of a team's rows, as in the table's keys. */
export type RowKind = 'job' | 'idem' | 'live' | 'budget' | 'usage';

/** Whether the row is there and cannot be read. */
export function isDamaged(rows: MemoryTeam, kind: RowKind, key: string): boolean {
  return rows.damaged.has(`${kind}|${key}`);
}

/** Throws as the table's reader does for a row that cannot be read. */
export function requireSound(rows: MemoryTeam, kind: RowKind, key: string): void {
  if (isDamaged(rows, kind, key)) throw new DamagedRowError(`${kind}|${key}`, 'it was damaged by hand');
}

const jobVersions = new WeakMap<Job, string>();
let jobVersionsGiven = 0;

/** Version of a job's row: rows are replaced, never changed, so each stored value has its own. */
export function versionOfJob(job: Job): string {
  const known = jobVersions.get(job);
  if (known !== undefined) return known;
  jobVersionsGiven += 1;
  const version = `j${jobVersionsGiven}`;
  jobVersions.set(job, version);
  return version;
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
  const opened: MemoryTeam = {
    jobs: new Map(),
    idempotencyKeys: new Map(),
    live: new Map(),
    budgets: new Map(),
    usage: new Map(),
    damaged: new Set(),
  };
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
