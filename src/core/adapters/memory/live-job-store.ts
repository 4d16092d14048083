import type { LiveJobStore, LivePage } from '../../jobs/job-store.ts';
import { isDamaged, keysBehind, type MemoryState, openTeam } from './memory-state.ts';

/** What the sweep walks, in memory. */
export class MemoryLiveJobStore implements LiveJobStore {
  readonly #state: MemoryState;
  readonly #pageSize: number;

  constructor(state: MemoryState, pageSize = 500) {
    this.#state = state;
    this.#pageSize = pageSize;
  }

  async registerTeam(team: string): Promise<void> {
    this.#state.registered.add(team);
  }

  async listTeams(): Promise<readonly string[]> {
    return [...this.#state.registered].sort();
  }

  async listLive(team: string, after: string | null): Promise<LivePage> {
    const rows = openTeam(this.#state, team);
    const { live } = rows;
    const keys = keysBehind(live, after);
    const page = keys.slice(0, this.#pageSize);
    const damaged = page.filter((key) => isDamaged(rows, 'live', key));
    const items = page.flatMap((key) => (damaged.includes(key) ? [] : (live.get(key) ?? [])));
    return { items, damaged, next: keys.length > page.length ? (page.at(-1) ?? null) : null };
  }
}
