import type { LaneCensus } from '../capacity/capacity.ts';
import type { Clock } from '../clock.ts';
import type { Lane } from '../jobs/job.ts';
import type { LiveJobStore } from '../jobs/job-store.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import { forEachAtOnce } from './at-once.ts';
import { DoorPromises } from './door-promises.ts';
import { type WaitingJob, WaitingJobs } from './waiting-jobs.ts';

/** Longest time a count is believed; what this process admitted since is added to it. */
export const censusFreshMs = 2000;

/** Teams that are walked at once: a hundred of them are counted well within that time. */
const teamsAtOnce = 8;

/** What one team has in one lane. */
export interface LaneCount {
  /** Jobs not terminal. */
  readonly jobs: number;
  /** Creation time of the oldest job that still waits; null when none does. */
  readonly oldestQueuedAtMs: number | null;
}

/** How many jobs wait where, at most two seconds old. */
export interface CensusView {
  /** Sums over the team (all teams when null) and the lane (all lanes when null). */
  count(team: string | null, lane: Lane | null): LaneCount;
}

/** A place that a job takes from the moment it was let in, before it is on record. */
export interface Admission {
  /** The job is on record. */
  confirm(): void;
  /** It will not be: the place is free again. Nothing happens once it is confirmed. */
  withdraw(): void;
}

/** Who is let in, and where. */
export type Entrant = Pick<WaitingJob, 'team' | 'model' | 'lane'>;

interface Admitted extends WaitingJob {
  /** When the job was put on record; null while it is not. */
  confirmedAtMs: number | null;
}

type Counts = Map<string, Map<Lane, LaneCount>>;

const nobody: LaneCount = { jobs: 0, oldestQueuedAtMs: null };

/**
 * Counts live jobs for depth caps and `GET /queues`. No counter row is kept: the live rows are walked at most every two
 * seconds and only while somebody asks; in between each admission is counted as it happens.
 */
export class Census implements CensusView {
  readonly #store: LiveJobStore;
  readonly #clock: Clock;
  #counts: Counts = new Map();
  #takenAtMs: number | null = null;
  #taking: Promise<void> | null = null;
  #waiting = new WaitingJobs(0);
  /** When callers whom this process refused were told to come back. */
  readonly promises = new DoorPromises();
  /** By job: those that the last walk need not have seen. */
  readonly #admitted = new Map<string, Admitted>();

  constructor(ports: { store: LiveJobStore; clock: Clock }) {
    this.#store = ports.store;
    this.#clock = ports.clock;
  }

  /** The counts, walked anew when they are too old. */
  async view(): Promise<CensusView> {
    const now = this.#clock.now();
    const isFresh = this.#takenAtMs !== null && now - this.#takenAtMs < censusFreshMs && now >= this.#takenAtMs;
    if (!isFresh) {
      this.#taking ??= this.#walk().finally(() => {
        this.#taking = null;
      });
      await this.#taking;
    }
    return this;
  }

  /** As last walked, however long ago: whoever decides by it has awaited `view` a moment before. */
  count(team: string | null, lane: Lane | null): LaneCount {
    const byTeam = team === null ? this.#counts.values() : [this.#counts.get(team) ?? new Map<Lane, LaneCount>()];
    let sum = nobody;
    for (const byLane of byTeam) {
      for (const [name, count] of byLane) if (lane === null || name === lane) sum = addCounts(sum, count);
    }
    return sum;
  }

  /** Jobs that this process has let in and the last walk need not have seen; of a team's, or of a lane of all teams. */
  countUnseen(team: string | null, lane: Lane): number {
    let count = 0;
    for (const admitted of this.#admitted.values()) {
      if (team === null ? admitted.lane === lane : admitted.team === team) count += 1;
    }
    return count;
  }

  /** Who waits in a pool's lane and has no ticket, as far as it is known now: of other processes' jobs, as last walked. */
  countFor({ id, model, lane }: { id: string; model: string; lane: Lane }): LaneCensus {
    return this.#waiting.countFor(id, model, lane);
  }

  /** Counts a job from now on, so that of many callers at once no more are let in than there are places. */
  admit(jobId: string, { team, model, lane }: Entrant): Admission {
    const admitted: Admitted = { team, model, lane, hasTicket: false, confirmedAtMs: null };
    this.#admitted.set(jobId, admitted);
    this.#waiting.add(jobId, admitted);
    add(this.#counts, team, lane, { jobs: 1, oldestQueuedAtMs: null });
    return {
      confirm: () => {
        const now = this.#clock.now();
        admitted.confirmedAtMs = now;
        add(this.#counts, team, lane, { jobs: 0, oldestQueuedAtMs: now });
      },
      withdraw: () => {
        if (admitted.confirmedAtMs !== null || !this.#admitted.delete(jobId)) return;
        this.#waiting.remove(jobId, admitted);
        add(this.#counts, team, lane, { jobs: -1, oldestQueuedAtMs: null });
      },
    };
  }

  async #walk(): Promise<void> {
    const startedAtMs = this.#clock.now();
    const counts: Counts = new Map();
    const seen = new Set<string>();
    const queued: (WaitingJob & { readonly id: string; readonly createdAtMs: number })[] = [];
    await forEachAtOnce(await this.#store.listTeams(), teamsAtOnce, async (team) => {
      for await (const live of walkLive(this.#store, team)) {
        const oldestQueuedAtMs = live.state === 'queued' ? live.createdAtMs : null;
        add(counts, team, live.lane, { jobs: 1, oldestQueuedAtMs });
        if (live.state === 'queued') {
          const { id, model, lane, createdAtMs, ticket } = live;
          queued.push({ id, team, model, lane, createdAtMs, hasTicket: ticket !== null });
        }
        if (this.#admitted.has(live.id)) seen.add(live.id);
      }
    });
    const waiting = new WaitingJobs(startedAtMs);
    queued.sort((one, other) => one.createdAtMs - other.createdAtMs);
    for (const { id, ...job } of queued) waiting.add(id, job);
    for (const [jobId, admitted] of this.#admitted) {
      const { team, lane, confirmedAtMs } = admitted;
      // On record before the walk began: the walk has seen it, or it has ended since.
      const isSettled = confirmedAtMs !== null && confirmedAtMs < startedAtMs;
      if (isSettled) this.#admitted.delete(jobId);
      else if (!seen.has(jobId)) {
        add(counts, team, lane, { jobs: 1, oldestQueuedAtMs: confirmedAtMs });
        waiting.add(jobId, admitted);
      }
    }
    this.#counts = counts;
    this.#waiting = waiting;
    this.#takenAtMs = this.#clock.now();
  }
}

function addCounts(left: LaneCount, right: LaneCount): LaneCount {
  const { oldestQueuedAtMs: one } = left;
  const { oldestQueuedAtMs: other } = right;
  return {
    jobs: left.jobs + right.jobs,
    oldestQueuedAtMs: one === null || other === null ? (one ?? other) : Math.min(one, other),
  };
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
