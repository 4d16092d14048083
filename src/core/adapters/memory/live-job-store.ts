import type { LiveJobStore } from '../../jobs/job-store.ts';
import type { LiveJob } from '../../jobs/live-job.ts';
import type { Page, Versioned } from '../../versioned.ts';
import { keysBehind, type MemoryState, openTeam } from './memory-state.ts';

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

  async listLive(team: string, after: string | null): Promise<Page<Versioned<LiveJob>>> {
    const { live } = openTeam(this.#state, team);
    const keys = keysBehind(live, after);
    const page = keys.slice(0, this.#pageSize);
    const items = page.flatMap((key) => live.get(key) ?? []);
    return { items, next: keys.length > page.length ? (page.at(-1) ?? null) : null };
  }
}
