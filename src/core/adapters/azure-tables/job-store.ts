import type { Budget } from '../../budgets/budget.ts';
import type { Job } from '../../jobs/job.ts';
import type { ApplyResult, BudgetChange, JobPage, JobQuery, JobStore, TeamChange } from '../../jobs/job-store.ts';
import type { LiveJob } from '../../jobs/live-job.ts';
import type { Random } from '../../random.ts';
import type { Versioned } from '../../versioned.ts';
import type { StorageConnection } from '../azure-storage/connection.ts';
import type { StorageBounds } from '../azure-storage/storage-call.ts';
import { tableNames } from '../azure-storage/storage-names.ts';
import { applyTransaction } from './apply-transaction.ts';
import { BoundedTable } from './bounded-table.ts';
import { listJobs } from './list-jobs.ts';
import { planTransaction } from './plan-transaction.ts';
import type { ReportDamage } from './read-rows.ts';
import { rowKeys } from './row-key.ts';
import { readBudget, readIdempotencyKey, readJob, readLive } from './team-rows.ts';

export interface TableJobStoreOptions {
  readonly connection: StorageConnection;
  /** Makes the nonce by which a write without an answer is recognised. */
  readonly random: Random;
  /** Told of rows that a listing passes over because they cannot be read. */
  readonly reportDamage: ReportDamage;
  readonly bounds?: StorageBounds;
}

/** Jobs in the table `teams`: one partition per team, one entity-group transaction per apply(). */
export class TableJobStore implements JobStore {
  readonly #table: BoundedTable;
  readonly #random: Random;
  readonly #reportDamage: ReportDamage;

  constructor(options: TableJobStoreOptions) {
    this.#table = new BoundedTable(options.connection, tableNames.teams, options.bounds);
    this.#random = options.random;
    this.#reportDamage = options.reportDamage;
  }

  async apply(team: string, changes: readonly TeamChange[], budget: BudgetChange | null): Promise<ApplyResult> {
    if (changes.length === 0 && budget === null) return { outcome: 'applied', versions: [], budgetVersion: null };
    const nonce = this.#random.hex(16);
    const rows = planTransaction(team, changes, budget, nonce);
    return applyTransaction(this.#table, { team, rows, changeCount: changes.length, nonce });
  }

  async readJob(team: string, id: string): Promise<Job | null> {
    const row = await this.#table.read(team, rowKeys.job(id));
    return row === null ? null : readJob(row);
  }

  async readLive(team: string, id: string): Promise<Versioned<LiveJob> | null> {
    const row = await this.#table.read(team, rowKeys.live(id));
    return row === null ? null : { value: readLive(row), version: row.etag };
  }

  async readBudget(team: string, period: string): Promise<Versioned<Budget> | null> {
    const row = await this.#table.read(team, rowKeys.budget(period));
    return row === null ? null : { value: readBudget(row), version: row.etag };
  }

  async findByIdempotencyKey(team: string, keySha256: string): Promise<string | null> {
    const row = await this.#table.read(team, rowKeys.idempotency(keySha256));
    return row === null ? null : readIdempotencyKey(row);
  }

  listJobs(team: string, query: JobQuery): Promise<JobPage> {
    return listJobs(this.#table, team, query, this.#reportDamage);
  }

  async removeJob(job: Job): Promise<void> {
    // The key goes first: should this end half-way, the job's row is still there to be removed again.
    if (job.idempotencyKeySha256 !== null) {
      const rowKey = rowKeys.idempotency(job.idempotencyKeySha256);
      const row = await this.#table.read(job.team, rowKey);
      // By now the key may stand for a newer job.
      if (row !== null && readIdempotencyKey(row) === job.id) await this.#table.remove(job.team, rowKey, row.etag);
    }
    await this.#table.remove(job.team, rowKeys.job(job.id), '*');
  }
}
