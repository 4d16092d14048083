import type { UsageRow } from '../../cost/usage-row.ts';
import type { UsageStore, UsageWindow } from '../../cost/usage-store.ts';
import type { Page } from '../../versioned.ts';
import { isDamaged, keysBehind, type MemoryState, openTeam } from './memory-state.ts';

const lastMs = 9_999_999_999_999;

/** Key of a usage row: one per attempt, newest first. */
export function keyOfUsage(row: UsageRow): string {
  const inverted = String(lastMs - Math.floor(row.atMs)).padStart(13, '0');
  return `${inverted}|${row.jobId}|${String(row.attempt).padStart(4, '0')}`;
}

/** Usage in memory. */
export class MemoryUsageStore implements UsageStore {
  readonly #state: MemoryState;
  readonly #pageSize: number;

  constructor(state: MemoryState, pageSize = 1000) {
    this.#state = state;
    this.#pageSize = pageSize;
  }

  async list(team: string, window: UsageWindow, after: string | null): Promise<Page<UsageRow>> {
    const rows = openTeam(this.#state, team);
    const { usage } = rows;
    const found = keysBehind(usage, after).flatMap((key) => {
      const row = usage.get(key);
      return row !== undefined && !isDamaged(rows, 'usage', key) && row.atMs >= window.fromMs && row.atMs < window.toMs
        ? [{ key, row }]
        : [];
    });
    const page = found.slice(0, this.#pageSize);
    return { items: page.map(({ row }) => row), next: found.length > page.length ? (page.at(-1)?.key ?? null) : null };
  }

  async newest(team: string, limit: number): Promise<readonly UsageRow[]> {
    const rows = openTeam(this.#state, team);
    const { usage } = rows;
    return keysBehind(usage, null)
      .filter((key) => !isDamaged(rows, 'usage', key))
      .slice(0, Math.max(limit, 0))
      .flatMap((key) => usage.get(key) ?? []);
  }

  async removeBefore(team: string, beforeMs: number): Promise<number> {
    const { usage } = openTeam(this.#state, team);
    const old = keysBehind(usage, null)
      .filter((key) => (usage.get(key)?.atMs ?? beforeMs) < beforeMs)
      .slice(0, this.#pageSize);
    for (const key of old) usage.delete(key);
    return old.length;
  }
}
