import type { Draws } from '../../bench/capacity/seeded.ts';
import { openTeam } from '../../src/core/adapters/memory/memory-state.ts';
import { cancelJob, deleteJob } from '../../src/core/gateway/cancel-job.ts';
import { listJobs, readJob } from '../../src/core/gateway/read-job.ts';
import { submitJob } from '../../src/core/gateway/submit-job.ts';
import type { JobView } from '../../src/core/http/job-resource.ts';
import type { JobSubmission } from '../../src/core/http/parse-job-submission.ts';
import { WeirError } from '../../src/core/http/weir-error.ts';
import { draftSubmission } from './draft-submission.ts';
import { describeError } from './run-guarded.ts';
import type { RunningProcess } from './start-process.ts';
import type { World } from './world.ts';

const traceparent = '00-11111111111111111111111111111111-2222222222222222-01';
/** A client gives up an answer after this; what it asked for may have happened all the same. */
const clientTimeoutMs = 40_000;

type Answer<T> = { readonly outcome: 'answered'; readonly value: T } | { readonly outcome: 'refused' | 'no_answer' };

/** The people in front: they submit (again and again under one key), poll, list, cancel and delete, also what is not theirs. */
export class Clients {
  /** Jobs that were answered with 202 or 200, by id. */
  readonly acknowledged = new Map<string, { readonly team: string; readonly key: string | null }>();
  /** Jobs that somebody asked to delete, whatever the answer: they may be gone. */
  readonly deleted = new Set<string>();
  /** Team by job whose deletion was answered. */
  readonly erased = new Map<string, string>();
  readonly #world: World;
  readonly #processes: () => readonly RunningProcess[];
  readonly #seenEnd = new Map<string, string>();

  constructor(world: World, processes: () => readonly RunningProcess[]) {
    this.#world = world;
    this.#processes = processes;
  }

  /** Submits one request until it is answered or refused; the same key again means the same job again. */
  async submit(number: number): Promise<void> {
    const draws = this.#world.draw(`client ${number}`);
    const team = this.#teamOf(draws);
    const submission = draftSubmission(draws, number, this.#world.weather.capsAreLearnt);
    const parallel = submission.idempotencyKey === null || draws.next() < 0.7 ? 1 : 2 + Math.floor(draws.next() * 3);
    const ids = await Promise.all(Array.from({ length: parallel }, () => this.#insist(draws, team, submission)));
    const id = ids.find((found) => found !== null);
    if (id === undefined || id === null) return;
    const isExcused = (one: string) => this.deleted.has(one) || this.#world.hand.touched.has(one);
    for (const other of ids) {
      if (other !== null && other !== id && !isExcused(id) && !isExcused(other)) {
        this.#world.trace.violate(`one key, two jobs: ${id} and ${other}`);
      }
    }
    await this.#follow(draws, team, id, submission);
  }

  async #insist(draws: Draws, team: string, submission: JobSubmission): Promise<string | null> {
    for (let tries = 0; tries < 8; tries += 1) {
      const answer = await this.#ask(draws, 'submit', ({ ports }) =>
        submitJob(ports, { team, role: 'team', authenticatedBy: 'key' }, submission, traceparent),
      );
      if (answer.outcome === 'answered') {
        const { job } = answer.value.view;
        this.#acknowledge(team, submission, job.id);
        return job.id;
      }
      if (answer.outcome === 'refused') return null;
      await this.#world.time.sleep(Math.round(draws.uniform(200, 4000)));
    }
    return null;
  }

  /** From here on 202 is a promise. */
  #acknowledge(team: string, submission: JobSubmission, id: string): void {
    const { trace, state, hand } = this.#world;
    trace.note(`acknowledged ${id}`);
    this.acknowledged.set(id, { team, key: submission.idempotencyKey });
    if (!openTeam(state, team).jobs.has(id) && !this.deleted.has(id) && !hand.touched.has(id))
      trace.violate(`${id} was acknowledged, but is lost`);
  }

  async #follow(draws: Draws, team: string, id: string, submission: JobSubmission): Promise<void> {
    const { time, trace } = this.#world;
    const what = draws.next();
    // One in four never comes back: nobody's question mends what was damaged meanwhile.
    if (what > 0.75) return;
    await time.sleep(Math.round(draws.uniform(0, draws.next() < 0.5 ? 1000 : 40_000)));
    if (what < 0.3) {
      const cancelled = await this.#ask(draws, 'cancel', ({ ports }) => cancelJob(ports, team, id, { erase: false }));
      if (cancelled.outcome === 'answered') this.#saw(id, cancelled.value);
    } else if (what < 0.42) {
      this.deleted.add(id);
      const gone = await this.#ask(draws, 'delete', ({ ports }) => deleteJob(ports, team, id));
      if (gone.outcome === 'answered' && gone.value) this.erased.set(id, team);
    } else if (what < 0.5 && submission.idempotencyKey !== null) {
      const other = { ...submission, metadata: { project: 'another' } };
      const answer = await this.#ask(draws, 'submit another body', ({ ports }) =>
        submitJob(ports, { team, role: 'team', authenticatedBy: 'key' }, other, traceparent),
      );
      const isExcused = this.#world.hand.touched.has(id);
      if (answer.outcome === 'answered' && !isExcused) trace.violate(`the key of ${id} was accepted with another body`);
    } else if (what < 0.6) await this.#pry(draws, team, id);
    for (let looks = 0; looks < 3; looks += 1) {
      const waitMs = draws.next() < 0.5 ? 0 : 5000;
      const seen = await this.#ask(draws, 'read', ({ ports }) => readJob(ports, team, id, waitMs));
      if (seen.outcome === 'answered') this.#saw(id, seen.value);
      await time.sleep(Math.round(draws.uniform(1000, 30_000)));
    }
  }

  /** Another team tries everything with a job's id; it must be as if the job did not exist. */
  async #pry(draws: Draws, owner: string, id: string): Promise<void> {
    const { trace, config } = this.#world;
    const stranger = config.teams.find((team) => team.id !== owner)?.id;
    if (stranger === undefined) return;
    const read = await this.#ask(draws, 'pry', ({ ports }) => readJob(ports, stranger, id, 0));
    if (read.outcome === 'answered' && read.value !== null) trace.violate(`${stranger} read ${id} of ${owner}`);
    const cancelled = await this.#ask(draws, 'pry', ({ ports }) => cancelJob(ports, stranger, id, { erase: false }));
    if (cancelled.outcome === 'answered' && cancelled.value !== null) trace.violate(`${stranger} cancelled ${id}`);
    const gone = await this.#ask(draws, 'pry', ({ ports }) => deleteJob(ports, stranger, id));
    if (gone.outcome === 'answered' && gone.value) trace.violate(`${stranger} deleted ${id}`);
    const query = { status: null, limit: 100, after: null };
    const list = await this.#ask(draws, 'pry', ({ ports }) => listJobs(ports, stranger, query));
    if (list.outcome === 'answered' && list.value.views.some(({ job }) => job.team !== stranger)) {
      trace.violate(`${stranger} listed a job of another team`);
    }
  }

  /** What a caller has once seen ended stays as it was seen. */
  #saw(id: string, view: JobView | null): void {
    if (this.deleted.has(id) || this.#world.hand.touched.has(id)) return;
    const end = view?.job.end ?? null;
    const before = this.#seenEnd.get(id);
    if (view === null) this.#world.trace.violate(`${id} was not found by its owner`);
    else if (before !== undefined && before !== JSON.stringify(end))
      this.#world.trace.violate(`the end of ${id} changed`);
    else if (end !== null) this.#seenEnd.set(id, JSON.stringify(end));
  }

  async #ask<T>(draws: Draws, what: string, request: (running: RunningProcess) => Promise<T>): Promise<Answer<T>> {
    const { time, trace } = this.#world;
    const running = this.#processes().filter(({ process, ports }) => process.isAlive && !ports.drain.isDraining);
    const chosen = running[Math.floor(draws.next() * running.length)];
    if (chosen === undefined) return { outcome: 'no_answer' };
    const broken: Answer<T> = { outcome: 'no_answer' };
    const answered = request(chosen).then(
      (value): Answer<T> => ({ outcome: 'answered', value }),
      (error: unknown): Answer<T> => {
        trace.note(`${what} is refused: ${describeError(error)}`);
        if (!(error instanceof WeirError)) trace.violate(`unexpected error over ${what}: ${describeError(error)}`);
        const isTransient = error instanceof WeirError && error.code === 'storage_unavailable';
        return isTransient ? broken : { outcome: 'refused' };
      },
    );
    const lost = Promise.race([chosen.process.died, time.sleep(clientTimeoutMs)]).then(() => broken);
    return Promise.race([answered, lost]);
  }

  #teamOf(draws: Draws): string {
    const { teams } = this.#world.config;
    return teams[Math.floor(draws.next() * teams.length)]?.id ?? 'search';
  }
}
