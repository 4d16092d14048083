import type { Budget } from '../../budgets/budget.ts';
import type { Job } from '../../jobs/job.ts';
import { jobTimeMs } from '../../jobs/job-id.ts';
import type { LiveJob } from '../../jobs/live-job.ts';
import type { Found, RepairStore } from '../../jobs/repair-store.ts';
import type { Page, Versioned } from '../../versioned.ts';
import { isDamaged, keysBehind, type MemoryState, openTeam, type RowKind, versionOfJob } from './memory-state.ts';

/** The rows of the memory state as they lie, damaged ones too. */
export class MemoryRepairStore implements RepairStore {
  readonly #state: MemoryState;
  readonly #pageSize: number;

  constructor(state: MemoryState, pageSize = 1000) {
    this.#state = state;
    this.#pageSize = pageSize;
  }

  async findJob(team: string, id: string): Promise<Found<Job>> {
    const value = openTeam(this.#state, team).jobs.get(id);
    return this.#find(team, 'job', id, value === undefined ? undefined : { value, version: versionOfJob(value) });
  }

  async findLive(team: string, id: string): Promise<Found<LiveJob>> {
    return this.#find(team, 'live', id, openTeam(this.#state, team).live.get(id));
  }

  async findBudget(team: string, period: string): Promise<Found<Budget>> {
    return this.#find(team, 'budget', period, openTeam(this.#state, team).budgets.get(period));
  }

  async listOpen(team: string, createdSinceMs: number, after: string | null): Promise<Page<string>> {
    const { jobs } = openTeam(this.#state, team);
    const open = keysBehind(jobs, after).filter(
      (id) => jobs.get(id)?.end === null && (jobTimeMs(id) ?? 0) >= createdSinceMs,
    );
    const items = open.slice(0, this.#pageSize);
    return { items, next: open.length > items.length ? (items.at(-1) ?? null) : null };
  }

  async freeKey(team: string, keySha256: string, jobId: string | null): Promise<void> {
    const rows = openTeam(this.#state, team);
    const isFree = isDamaged(rows, 'idem', keySha256) || rows.idempotencyKeys.get(keySha256) === jobId;
    if (!isFree) return;
    rows.idempotencyKeys.delete(keySha256);
    rows.damaged.delete(`idem|${keySha256}`);
  }

  #find<T>(team: string, kind: RowKind, key: string, row: Versioned<T> | undefined): Found<T> {
    if (row === undefined) return { kind: 'absent' };
    const { version } = row;
    return isDamaged(openTeam(this.#state, team), kind, key)
      ? { kind: 'damaged', version }
      : { kind: 'read', value: row.value, version };
  }
}
