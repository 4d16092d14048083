import type { Clock } from '../clock.ts';
import type { Lane } from '../jobs/job.ts';
import type { LiveJobStore } from '../jobs/job-store.ts';
import type { LiveJob } from '../jobs/live-job.ts';

/** Longest time a count is believed; what this process accepted since is added to it. */
const freshMs = 2000;

/** What one team has in one lane. */
export interface LaneCount {
  /** Jobs not terminal. */
  readonly jobs: number;
  /** Creation time of the oldest job that still waits; null when none does. */
  readonly oldestQueuedAtMs: number | null;
}

/** How many jobs wait where, at most two seconds old. */
export class CensusView {
  readonly #teams: ReadonlyMap<string, ReadonlyMap<Lane, LaneCount>>;

  constructor(teams: ReadonlyMap<string, ReadonlyMap<Lane, LaneCount>>) {
    this.#teams = teams;
  }

  /** Sums over the team (all teams when null) and the lane (all lanes when null). */
  count(team: string | null, lane: Lane | null): LaneCount {
    let sum = nobody;
    for (const [id, byLane] of this.#teams) {
      if (team !== null && id !== team) continue;
      for (const [name, count] of byLane) if (lane === null || name === lane) sum = addCounts(sum, count);
    }
    return sum;
  }
}

const nobody: LaneCount = { jobs: 0, oldestQueuedAtMs: null };

function addCounts(left: LaneCount, right: LaneCount): LaneCount {
  const times = [left.oldestQueuedAtMs, right.oldestQueuedAtMs].filter((time) => time !== null);
  return { jobs: left.jobs + right.jobs, oldestQueuedAtMs: times.length === 0 ? null : Math.min(...times) };
}

type Counts = Map<string, Map<Lane, LaneCount>>;

/**
 * Counts live jobs for depth caps and `GET /queues`. No counter row is kept: the live rows are walked at most
 * every two seconds and only while somebody asks.
 */
export class Census {
  readonly #store: LiveJobStore;
  readonly #clock: Clock;
  #taken: { readonly atMs: number; readonly counts: Counts } | null = null;
  #taking: Promise<Counts> | null = null;
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
    const isFresh = taken !== null && now - taken.atMs < freshMs && now >= taken.atMs;
    const counts = isFresh ? taken.counts : await this.#take();
    if (this.#acceptedSince.length === 0) return new CensusView(counts);
    const sum: Counts = new Map([...counts].map(([team, byLane]) => [team, new Map(byLane)]));
    for (const { team, lane, atMs } of this.#acceptedSince) add(sum, team, lane, { jobs: 1, oldestQueuedAtMs: atMs });
    return new CensusView(sum);
  }

  #take(): Promise<Counts> {
    this.#taking ??= this.#walk().finally(() => {
      this.#taking = null;
    });
    return this.#taking;
  }

  async #walk(): Promise<Counts> {
    const startedAtMs = this.#clock.now();
    const counts: Counts = new Map();
    for (const team of await this.#store.listTeams()) {
      for await (const live of walkLive(this.#store, team)) {
        const oldestQueuedAtMs = live.state === 'queued' ? live.createdAtMs : null;
        add(counts, team, live.lane, { jobs: 1, oldestQueuedAtMs });
      }
    }
    this.#taken = { atMs: this.#clock.now(), counts };
    this.#acceptedSince = this.#acceptedSince.filter((accepted) => accepted.atMs >= startedAtMs);
    return counts;
  }
}

function add(counts: Counts, team: string, lane: Lane, count: LaneCount): void {
  const byLane = counts.get(team) ?? new Map<Lane, LaneCount>();
  byLane.set(lane, addCounts(byLane.get(lane) ?? nobody, count));
  counts.set(team, byLane);
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
