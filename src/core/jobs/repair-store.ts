import type { Budget } from '../budgets/budget.ts';
import type { Page } from '../versioned.ts';
import type { Job } from './job.ts';
import type { LiveJob } from './live-job.ts';

/** A row as it lies in storage. `damaged`: it cannot be read as what it should be; `newer`: a newer version of Weir wrote it. */
export type Found<T> =
  | { readonly kind: 'read'; readonly value: T; readonly version: string }
  | { readonly kind: 'damaged'; readonly version: string }
  | { readonly kind: 'newer' | 'absent' };

/** What a conditional write of the row has to name; null when there is none that this version could write. */
export function versionOf(found: Found<unknown>): string | null {
  return found.kind === 'read' || found.kind === 'damaged' ? found.version : null;
}

/** Port: one team's rows as they lie, for whoever mends what was deleted or damaged outside Weir. */
export interface RepairStore {
  findJob(team: string, id: string): Promise<Found<Job>>;
  findLive(team: string, id: string): Promise<Found<LiveJob>>;
  findBudget(team: string, period: string): Promise<Found<Budget>>;
  /** Ids of the jobs created since that have not ended, newest first, read from their own rows; damaged rows count by their mark. */
  listOpen(team: string, createdSinceMs: number, after: string | null): Promise<Page<string>>;
  /** Removes an idempotency key that is damaged or stands for `jobId`; nothing happens when it stands for another job. */
  freeKey(team: string, keySha256: string, jobId: string | null): Promise<void>;
}
