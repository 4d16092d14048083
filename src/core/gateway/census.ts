import type { Clock } from '../clock.ts';
import type { Lane } from '../jobs/job.ts';
import type { LiveJobStore } from '../jobs/job-store.ts';
import type { LiveJob } from '../jobs/live-job.ts';

/** Longest time a count is believed; what this process accepted since is added to it. */
const freshMs = 2000;

/** How many jobs wait where, at most two seconds old. */
export interface CensusView {
  readonly takenAtMs: number;
  /** Jobs not terminal, by lane. */
  readonly byLane: Readonly<Record<Lane, number>>;
  readonly byTeam: ReadonlyMap<string, number>;
  /** Creation time of the oldest queued job by lane; null when none waits. */
  readonly oldestQueuedAtMs: Readonly<Record<Lane, number | null>>;
}

/**
 * Counts live jobs for depth caps and `GET /queues`. No counter row is kept: the live rows are walked at most
 * every two seconds and only while somebody asks.
 */
export class Census {
  readonly #store: LiveJobStore;
  readonly #clock: Clock;
  #taken: CensusView | null = null;
  #taking: Promise<CensusView> | null = null;
  #acceptedSince: { team: string; lane: Lane; atMs: number }[] = [];

  constructor(ports: { store: LiveJobStore; clock: Clock }) {
    this.#store = ports.store;
    this.#clock = ports.clock;
  }

  /** Counts an acceptance that the last walk cannot have seen. */
  noteAccepted(team: string, lane: Lane): void {
    this.#acceptedSince.push({ team, lane, atMs: this.#clock.now() });
  }

  async view(): Promise<CensusView> {
    const now = this.#clock.now();
    const taken = this.#taken;
    const isFresh = taken !== null && now - taken.takenAtMs < freshMs && now >= taken.takenAtMs;
    const base = isFresh ? taken : await this.#take();
    const byLane = { ...base.byLane };
    const byTeam = new Map(base.byTeam);
    for (const { team, lane } of this.#acceptedSince) {
      byLane[lane] += 1;
      byTeam.set(team, (byTeam.get(team) ?? 0) + 1);
    }
    return { ...base, byLane, byTeam };
  }

  #take(): Promise<CensusView> {
    this.#taking ??= this.#walk().finally(() => {
      this.#taking = null;
    });
    return this.#taking;
  }

  async #walk(): Promise<CensusView> {
    const startedAtMs = this.#clock.now();
    const byLane: Record<Lane, number> = { interactive: 0, standard: 0, bulk: 0 };
    const oldest: Record<Lane, number | null> = { interactive: null, standard: null, bulk: null };
    const byTeam = new Map<string, number>();
    for (const team of await this.#store.listTeams()) {
      for await (const live of walkLive(this.#store, team)) {
        byLane[live.lane] += 1;
        byTeam.set(team, (byTeam.get(team) ?? 0) + 1);
        const known = oldest[live.lane];
        if (live.state === 'queued' && (known === null || live.createdAtMs < known))
          oldest[live.lane] = live.createdAtMs;
      }
    }
    this.#taken = { takenAtMs: this.#clock.now(), byLane, byTeam, oldestQueuedAtMs: oldest };
    this.#acceptedSince = this.#acceptedSince.filter((accepted) => accepted.atMs >= startedAtMs);
    return this.#taken;
  }
}

/** All live jobs of a team, page by page. */
export async function* walkLive(store: LiveJobStore, team: string): AsyncGenerator<LiveJob> {
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<LiveJobStore['listLive']>> = await store.listLive(team, after);
    for (const row of page.items) yield row.value;
    after = page.next;
  } while (after !== null);
}
