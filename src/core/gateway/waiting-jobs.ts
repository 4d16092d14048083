import type { LaneCensus } from '../capacity/capacity.ts';
import type { Lane } from '../jobs/job.ts';

/** A job that waits, as far as this process knows. */
export interface WaitingJob {
  readonly team: string;
  readonly model: string;
  readonly lane: Lane;
  /** A worker has had it in hand: it stands in its lane's line. */
  readonly hasTicket: boolean;
}

/** Jobs that waited when they were counted, and those that were let in since: first come, first. */
export class WaitingJobs {
  readonly #countedAtMs: number;
  readonly #lanes = new Map<string, Map<string, WaitingJob>>();

  constructor(countedAtMs: number) {
    this.#countedAtMs = countedAtMs;
  }

  add(jobId: string, job: WaitingJob): void {
    const key = keyOf(job.model, job.lane);
    const known = this.#lanes.get(key) ?? new Map<string, WaitingJob>();
    this.#lanes.set(key, known.set(jobId, job));
  }

  remove(jobId: string, { model, lane }: WaitingJob): void {
    this.#lanes.get(keyOf(model, lane))?.delete(jobId);
  }

  /** A pool's lane as the job sees it; one that is not among them comes behind all. */
  countFor(jobId: string, model: string, lane: Lane): LaneCensus {
    const jobs = this.#lanes.get(keyOf(model, lane)) ?? new Map<string, WaitingJob>();
    const before: string[] = [];
    let behind = 0;
    let isPast = false;
    for (const [id, { team, hasTicket }] of jobs) {
      isPast ||= id === jobId;
      if (hasTicket) continue;
      if (isPast) behind += 1;
      else before.push(team);
    }
    return { countedAtMs: this.#countedAtMs, waiting: jobs.size, before, behind };
  }
}

function keyOf(model: string, lane: Lane): string {
  return `${lane}|${model}`;
}
