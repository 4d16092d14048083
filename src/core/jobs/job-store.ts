import type { Budget } from '../budgets/budget.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import type { Page, Versioned } from '../versioned.ts';
import type { Job, JobStatus } from './job.ts';
import type { LiveJob } from './live-job.ts';

/** A change of one job, part of a transaction in its team's partition. */
export type TeamChange =
  /** Creates the job, its live row and, when the job has an idempotency key, the key's row. Rejected as `duplicate` when the key or the id is taken. */
  | { readonly kind: 'accept'; readonly job: Job; readonly live: LiveJob }
  /** Replaces the live row under its version (claim, park, rescue, cancel request, lease renewal) and adds usage rows. */
  | { readonly kind: 'advance'; readonly live: LiveJob; readonly version: string; readonly usage: readonly UsageRow[] }
  /** Writes the job's end, deletes its live row under its version and adds usage rows. With `erase` the job's row and the named key's go instead. */
  | {
      readonly kind: 'end';
      readonly job: Job;
      readonly version: string;
      readonly usage: readonly UsageRow[];
      readonly erase?: { readonly keySha256: string | null };
    }
  /**
   * Ends a job whose rows were deleted or damaged outside Weir: writes its row as a whole and deletes its live row, each under the
   * version it was found with. Null: there is none; the job's row must not have come into being since.
   */
  | {
      readonly kind: 'bury';
      readonly job: Job;
      readonly jobVersion: string | null;
      readonly liveVersion: string | null;
      readonly usage: readonly UsageRow[];
    };

/** The budget row as it shall be; `version` is null when it was absent. */
export interface BudgetChange {
  readonly budget: Budget;
  readonly version: string | null;
}

/** All of a transaction happened, or nothing did. `change` is the index of the change that did not fit, `budget` the budget row. */
export type ApplyResult =
  | {
      readonly outcome: 'applied';
      /** New version of each change's live row, in order; null for `end` and `bury`. */
      readonly versions: readonly (string | null)[];
      readonly budgetVersion: string | null;
    }
  | { readonly outcome: 'rejected'; readonly at: number | 'budget'; readonly reason: 'duplicate' | 'lost' };

/** Rows that one change takes in a transaction; a transaction holds 100. */
export function countRows(change: TeamChange): number {
  switch (change.kind) {
    case 'accept':
      return change.job.idempotencyKeySha256 === null ? 2 : 3;
    case 'advance':
      return 1 + change.usage.length;
    case 'end':
      return 2 + change.usage.length + (typeof change.erase?.keySha256 === 'string' ? 1 : 0);
    case 'bury':
      return (change.liveVersion === null ? 1 : 2) + change.usage.length;
  }
}

/** Port: one team's jobs, live rows, idempotency keys and budget, which change together or not at all. */
export interface JobStore {
  /** Applies changes of one team and optionally its budget row in one transaction of at most 100 rows. */
  apply(team: string, changes: readonly TeamChange[], budget: BudgetChange | null): Promise<ApplyResult>;
  readJob(team: string, id: string): Promise<Job | null>;
  readLive(team: string, id: string): Promise<Versioned<LiveJob> | null>;
  readBudget(team: string, period: string): Promise<Versioned<Budget> | null>;
  /** The job an idempotency key stands for; null when the key is free. */
  findByIdempotencyKey(team: string, keySha256: string): Promise<string | null>;
  /** Jobs newest first, strictly after the id `after`; `status` filters. */
  listJobs(team: string, query: JobQuery): Promise<JobPage>;
  /** Removes the rows of a terminal job (job and idempotency key); usage stays. */
  removeJob(job: Job): Promise<void>;
}

/** A page of jobs; `damaged` are the ids of those in between whose rows cannot be read. */
export interface JobPage extends Page<Job> {
  readonly damaged: readonly string[];
}

export interface JobQuery {
  readonly status: JobStatus | null;
  readonly limit: number;
  readonly after: string | null;
}

/** A page of live rows; `damaged` are the ids of those in between that cannot be read. */
export interface LivePage extends Page<Versioned<LiveJob>> {
  readonly damaged: readonly string[];
}

/** Port: what the sweep walks. */
export interface LiveJobStore {
  /** Makes the team known to the sweep; idempotent, written before the team's first job. */
  registerTeam(team: string): Promise<void>;
  listTeams(): Promise<readonly string[]>;
  /** Live rows of one team, in key order. */
  listLive(team: string, after: string | null): Promise<LivePage>;
}
