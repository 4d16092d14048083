import type { Budget } from '../../budgets/budget.ts';
import type { UsageRow } from '../../cost/usage-row.ts';
import type { Job } from '../../jobs/job.ts';
import {
  type ApplyResult,
  type BudgetChange,
  countRows,
  type JobPage,
  type JobQuery,
  type JobStore,
  type TeamChange,
} from '../../jobs/job-store.ts';
import type { LiveJob } from '../../jobs/live-job.ts';
import type { Versioned } from '../../versioned.ts';
import {
  freezeDeep,
  isDamaged,
  keysBehind,
  type MemoryState,
  type MemoryTeam,
  openTeam,
  requireSound,
  versionOfJob,
} from './memory-state.ts';
import { keyOfUsage } from './usage-store.ts';

const rowsPerTransaction = 100;

type Rejection = Extract<ApplyResult, { outcome: 'rejected' }>;

/** Jobs in memory, by the table's rules: all of an apply() or nothing, versions that change with every write. */
export class MemoryJobStore implements JobStore {
  readonly #state: MemoryState;

  constructor(state: MemoryState) {
    this.#state = state;
  }

  async apply(team: string, changes: readonly TeamChange[], budget: BudgetChange | null): Promise<ApplyResult> {
    const rows = changes.reduce((sum, change) => sum + countRows(change), budget === null ? 0 : 1);
    if (rows > rowsPerTransaction) throw new RangeError(`${rows} rows in one transaction, it holds 100.`);
    const rowsOfTeam = openTeam(this.#state, team);
    for (const [at, change] of changes.entries()) {
      const reason = findConflict(rowsOfTeam, change);
      if (reason !== null) return { outcome: 'rejected', at, reason };
    }
    if (budget !== null && (rowsOfTeam.budgets.get(budget.budget.period)?.version ?? null) !== budget.version) {
      return { outcome: 'rejected', at: 'budget', reason: 'lost' };
    }
    return {
      outcome: 'applied',
      versions: changes.map((change) => this.#write(rowsOfTeam, change)),
      budgetVersion: budget === null ? null : this.#writeBudget(rowsOfTeam, budget.budget),
    };
  }

  async readJob(team: string, id: string): Promise<Job | null> {
    const rows = openTeam(this.#state, team);
    requireSound(rows, 'job', id);
    return rows.jobs.get(id) ?? null;
  }

  async readLive(team: string, id: string): Promise<Versioned<LiveJob> | null> {
    const rows = openTeam(this.#state, team);
    requireSound(rows, 'live', id);
    return rows.live.get(id) ?? null;
  }

  async readBudget(team: string, period: string): Promise<Versioned<Budget> | null> {
    const rows = openTeam(this.#state, team);
    requireSound(rows, 'budget', period);
    return rows.budgets.get(period) ?? null;
  }

  async findByIdempotencyKey(team: string, keySha256: string): Promise<string | null> {
    const rows = openTeam(this.#state, team);
    requireSound(rows, 'idem', keySha256);
    return rows.idempotencyKeys.get(keySha256) ?? null;
  }

  async listJobs(team: string, query: JobQuery): Promise<JobPage> {
    const rows = openTeam(this.#state, team);
    const { jobs, live } = rows;
    const matching = keysBehind(jobs, query.after).flatMap((id) => {
      const job = jobs.get(id);
      const status = job?.end?.status ?? live.get(id)?.value.state;
      return job !== undefined && !isDamaged(rows, 'job', id) && (query.status === null || query.status === status)
        ? [job]
        : [];
    });
    const items = matching.slice(0, query.limit);
    const damaged = keysBehind(jobs, query.after).filter((id) => isDamaged(rows, 'job', id));
    return { items, damaged, next: matching.length > query.limit ? (items.at(-1)?.id ?? null) : null };
  }

  async removeJob(job: Job): Promise<void> {
    const { jobs, idempotencyKeys, damaged } = openTeam(this.#state, job.team);
    const key = job.idempotencyKeySha256;
    if (key !== null && idempotencyKeys.get(key) === job.id) idempotencyKeys.delete(key);
    jobs.delete(job.id);
    damaged.delete(`job|${job.id}`);
  }

  #write(rows: MemoryTeam, change: TeamChange): string | null {
    switch (change.kind) {
      case 'accept': {
        const { job, live } = change;
        if (job.idempotencyKeySha256 !== null) rows.idempotencyKeys.set(job.idempotencyKeySha256, job.id);
        rows.jobs.set(job.id, freezeDeep(job));
        return this.#writeLive(rows, live);
      }
      case 'advance':
        writeUsage(rows, change.usage);
        return this.#writeLive(rows, change.live);
      case 'end': {
        writeUsage(rows, change.usage);
        rows.live.delete(change.job.id);
        rows.damaged.delete(`live|${change.job.id}`);
        if (change.erase !== undefined) {
          rows.jobs.delete(change.job.id);
          rows.damaged.delete(`job|${change.job.id}`);
          if (change.erase.keySha256 !== null) rows.idempotencyKeys.delete(change.erase.keySha256);
          return null;
        }
        // Like the table: the accepted job stays as it was, its end is added.
        const accepted = rows.jobs.get(change.job.id) ?? change.job;
        rows.jobs.set(change.job.id, freezeDeep({ ...accepted, end: change.job.end }));
        return null;
      }
      case 'bury': {
        const { job, usage, liveVersion } = change;
        writeUsage(rows, usage);
        if (liveVersion !== null) rows.live.delete(job.id);
        if (liveVersion !== null) rows.damaged.delete(`live|${job.id}`);
        rows.damaged.delete(`job|${job.id}`);
        rows.jobs.set(job.id, freezeDeep({ ...job }));
        return null;
      }
    }
  }

  #writeLive(rows: MemoryTeam, live: LiveJob): string {
    const version = this.#nextVersion();
    rows.live.set(live.id, freezeDeep({ value: live, version }));
    rows.damaged.delete(`live|${live.id}`);
    return version;
  }

  #writeBudget(rows: MemoryTeam, budget: Budget): string {
    const version = this.#nextVersion();
    rows.budgets.set(budget.period, freezeDeep({ value: budget, version }));
    rows.damaged.delete(`budget|${budget.period}`);
    return version;
  }

  #nextVersion(): string {
    this.#state.writes += 1;
    return `v${this.#state.writes}`;
  }
}

function findConflict(rows: MemoryTeam, change: TeamChange): Rejection['reason'] | null {
  if (change.kind === 'accept') {
    const key = change.job.idempotencyKeySha256;
    const isTaken = rows.jobs.has(change.job.id) || rows.live.has(change.live.id);
    return isTaken || (key !== null && rows.idempotencyKeys.has(key)) ? 'duplicate' : null;
  }
  if (change.kind === 'bury') {
    const stored = rows.jobs.get(change.job.id);
    if ((stored === undefined ? null : versionOfJob(stored)) !== change.jobVersion) return 'lost';
    const isFenced = change.liveVersion === null || rows.live.get(change.job.id)?.version === change.liveVersion;
    return isFenced ? null : 'lost';
  }
  const id = change.kind === 'advance' ? change.live.id : change.job.id;
  if (change.kind === 'end' && change.job.end === null) throw new RangeError(`Job ${id} is to end, but has no end.`);
  if (rows.live.get(id)?.version !== change.version) return 'lost';
  if (change.kind === 'end' && !rows.jobs.has(id)) return 'lost';
  const erasedKey = change.kind === 'end' ? (change.erase?.keySha256 ?? null) : null;
  if (erasedKey !== null && !rows.idempotencyKeys.has(erasedKey)) return 'lost';
  return change.usage.some((row) => rows.usage.has(keyOfUsage(row))) ? 'duplicate' : null;
}

function writeUsage(rows: MemoryTeam, usage: readonly UsageRow[]): void {
  for (const row of usage) rows.usage.set(keyOfUsage(row), freezeDeep(row));
}
