import { type MemoryTeam, openTeam } from '../../src/core/adapters/memory/memory-state.ts';
import type { Job } from '../../src/core/jobs/job.ts';
import type { ApplyResult, BudgetChange, JobStore, TeamChange } from '../../src/core/jobs/job-store.ts';
import type { Lease, LiveJob } from '../../src/core/jobs/live-job.ts';
import type { UpstreamRequest } from '../../src/core/routing/upstream.ts';
import type { Estimate } from '../../src/core/tokens/estimate.ts';
import { findDisorder } from './find-disorder.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import { isCalm } from './weather.ts';
import type { World } from './world.ts';

/** A job whose worker had been cut off longer than this must not be sent any more, however clocks differ. */
const lateCallMs = 12_000;

/**
 * Stands at the store and at the model service and judges every step: what was written, by whom, on what ground, and what
 * was sent. Sees storage as it is, not as a process believes it to be.
 */
export class Witness {
  /** Every job that was ever on record, as it was accepted. */
  readonly accepted = new Map<string, Job>();
  /** When each job's end was committed. */
  readonly endedAtMs = new Map<string, number>();
  /** When each job last changed. */
  readonly ends = new Map<string, Job>();
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** The job store as one process reaches it, with the witness at its door. */
  watch(process: SimulatedProcess, store: JobStore): JobStore {
    return new Proxy(store, {
      get: (target, property) => {
        if (property === 'apply') {
          return (team: string, changes: readonly TeamChange[], budget: BudgetChange | null) =>
            this.#apply(process, target, { team, changes, budget });
        }
        const method: unknown = Reflect.get(target, property);
        return typeof method === 'function' ? method.bind(target) : method;
      },
    });
  }

  /** What the service charges at admission follows from the accepted job alone. */
  estimateOf(jobId: string): Estimate {
    const job = this.accepted.get(jobId);
    if (job === undefined) throw new Error(`A call for ${jobId}, which was never accepted.`);
    return job.estimate;
  }

  /** Judges a call at the moment it is sent. */
  judgeCall(process: SimulatedProcess, request: UpstreamRequest): void {
    const { trace, time, hand } = this.#world;
    const { jobId, attempt } = request;
    if (hand.touched.has(jobId)) return;
    const job = this.accepted.get(jobId);
    if (job === undefined) {
      trace.violate(`${process.name} sent ${jobId}, which was never accepted`);
      return;
    }
    const lateMs = process.clock.now() - job.deadlineAtMs;
    if (lateMs >= 0) trace.violate(`${jobId} was sent ${lateMs} ms past its deadline`);
    const endedAtMs = this.endedAtMs.get(jobId);
    const live = openTeam(this.#world.state, job.team).live.get(jobId)?.value;
    const isOwn = live?.state === 'running' && live.attempt === attempt;
    if (isOwn) return;
    // A worker that was stopped in mid-step may wake late; with clocks that are right not even then.
    const sinceMs = endedAtMs === undefined ? 0 : time.nowMs - endedAtMs;
    if (isCalm(this.#world.weather) || sinceMs > lateCallMs) {
      trace.violate(`${jobId} was sent in attempt ${attempt}, which holds no claim`);
    }
  }

  async #apply(
    process: SimulatedProcess,
    store: JobStore,
    order: { team: string; changes: readonly TeamChange[]; budget: BudgetChange | null },
  ): Promise<ApplyResult> {
    const rows = openTeam(this.#world.state, order.team);
    const before = new Map(order.changes.map((change) => [idOf(change), rows.live.get(idOf(change))?.value]));
    const result = await store.apply(order.team, order.changes, order.budget);
    if (result.outcome === 'rejected') {
      this.#world.trace.note(`${process.name} is refused: ${result.reason} at ${result.at}`);
      return result;
    }
    for (const change of order.changes) this.#judge(process, change, before.get(idOf(change)) ?? null);
    const { touched } = this.#world.hand;
    for (const what of findDisorder(order.team, rows, this.#world.weather.handEveryMs === null ? null : touched))
      this.#world.trace.violate(what);
    this.#judgeBudget(order.changes, rows, order.team);
    return result;
  }

  #judge(process: SimulatedProcess, change: TeamChange, before: LiveJob | null): void {
    const { trace, time, hand, state } = this.#world;
    const id = idOf(change);
    trace.note(`${process.name} wrote ${describe(change)} of ${id}`);
    if (change.kind === 'accept') {
      this.accepted.set(id, change.job);
      const { team } = change.job;
      if (!state.registered.has(team)) trace.violate(`${id} was accepted of ${team}, which no sweep comes to`);
      return;
    }
    if (change.kind === 'bury') {
      this.#judgeBurial(change.job);
      return;
    }
    if (hand.touched.has(id)) {
      if (change.kind === 'end') this.endedAtMs.set(id, time.nowMs);
      return;
    }
    if (before === null) {
      trace.violate(`${id} was written though nothing is live`);
      return;
    }
    if (change.kind === 'end') {
      if (this.endedAtMs.has(id)) trace.violate(`${id} ended twice`);
      this.endedAtMs.set(id, time.nowMs);
      this.ends.set(id, change.job);
      if (before.lease !== null && !isOf(process, before.lease)) this.#judgeTakeOver(process, id, before);
      return;
    }
    const { live } = change;
    if (this.#world.weather.isFair) this.#judgeInFairWeather(before, live);
    const isClaim = live.state === 'running' && live.attempt !== before.attempt;
    if (isClaim && live.attempt !== before.attempt + 1) trace.violate(`${id} skipped an attempt number`);
    if (isClaim && before.cancelRequested) trace.violate(`${id} was claimed after it was cancelled`);
    const isRescue = live.trail.at(-1)?.type === 'rescued';
    // A wake-up that the host gave up on is no lost worker: nobody had claimed the job.
    const lost = before.state === 'running' ? 1 : 0;
    if (isRescue && live.rescues !== before.rescues + lost) trace.violate(`lost workers of ${id} were miscounted`);
    if (isClaim && before.billed.cost.nanoUsd > 0) this.#judgeRoom(live, this.accepted.get(id)?.holdNanoUsd ?? 0);
    const isFlag = live.state === before.state && live.attempt === before.attempt && live.rescues === before.rescues;
    if (!isFlag && before.lease !== null && !isOf(process, before.lease)) this.#judgeTakeOver(process, id, before);
    if (isFlag && before.cancelRequested && !live.cancelRequested) trace.violate(`${id} forgot its cancellation`);
  }

  /** Only what was touched by hand is ended without its live row's say. */
  #judgeBurial({ id, end }: Job): void {
    const { trace, hand, time } = this.#world;
    if (!hand.touched.has(id)) trace.violate(`${id} was given up although nobody touched it`);
    if (end === null) trace.violate(`${id} was buried without an end`);
    if (!this.endedAtMs.has(id)) this.endedAtMs.set(id, time.nowMs);
  }

  /** A further call for a job that has already cost money needs room in the hard budget, in the place of its hold. */
  #judgeRoom({ team, id, intent }: LiveJob, holdNanoUsd: number): void {
    const { config, state, trace } = this.#world;
    const nextNanoUsd = intent?.costNanoUsd ?? 0;
    const limit = config.teams.find((candidate) => candidate.id === team)?.budget?.monthlyNanoUsd ?? null;
    if (limit === null || this.#world.weather.handEveryMs !== null) return;
    for (const { value } of openTeam(state, team).budgets.values()) {
      const neededNanoUsd = value.spentNanoUsd + value.heldNanoUsd - holdNanoUsd + nextNanoUsd;
      if (neededNanoUsd > limit) trace.violate(`${id} is called again over the hard budget`);
    }
  }

  /** Where nobody dies each worker keeps its job, through an outage too; without one each job has its wake-up. */
  #judgeInFairWeather(before: LiveJob, live: LiveJob): void {
    const { trace, state, weather } = this.#world;
    const { id, lane } = live;
    if (live.rescues > before.rescues) trace.violate(`${id} was taken from a worker that was well`);
    if (weather.outageMs > 0) return;
    const isLost = live.resends > before.resends && !state.queues[lane].some(({ text }) => text.includes(id));
    if (isLost) trace.violate(`the wake-up of ${id} got lost`);
  }

  /** Only a lease that has expired may be taken over; how far clocks may differ is known. */
  #judgeTakeOver(process: SimulatedProcess, id: string, before: LiveJob): void {
    const { weather, time, trace } = this.#world;
    const leftMs = (before.lease?.untilMs ?? 0) - time.nowMs;
    const toleratedMs = weather.everyMs.jump === null ? 1500 + weather.skewMs : 12_000;
    if (leftMs > toleratedMs) trace.violate(`${process.name} took ${id} over ${leftMs} ms before its lease ends`);
  }

  /** An acceptance fits the hard budget, counting what is spent and what is held; what is spent never passes it. */
  #judgeBudget(changes: readonly TeamChange[], rows: MemoryTeam, team: string): void {
    const { config, trace } = this.#world;
    const limit = config.teams.find(({ id }) => id === team)?.budget?.monthlyNanoUsd ?? null;
    // A row that was deleted by hand says nothing until it has been counted anew.
    if (limit === null || this.#world.weather.handEveryMs !== null) return;
    for (const { value } of rows.budgets.values()) {
      const { spentNanoUsd, heldNanoUsd } = value;
      if (spentNanoUsd > limit) trace.violate(`${team} has spent ${spentNanoUsd} of its hard budget of ${limit}`);
      const [only, ...others] = changes;
      // In one transaction with others it may fit between two of them.
      const isAccepted = only?.kind === 'accept' && others.length === 0;
      if (isAccepted && spentNanoUsd + heldNanoUsd > limit)
        trace.violate(`${idOf(only)} was accepted over the hard budget`);
    }
  }
}

function idOf(change: TeamChange): string {
  return change.kind === 'advance' ? change.live.id : change.job.id;
}

/** A process names itself in the leases that it takes, with something more for each claim. */
function isOf(process: SimulatedProcess, lease: Lease): boolean {
  return lease.holder === process.name || lease.holder.startsWith(`${process.name}/`);
}

function describe(change: TeamChange): string {
  if (change.kind === 'accept') return 'the acceptance';
  if (change.kind === 'bury')
    return `the burial (${change.job.end?.status}, ${change.job.end?.error?.code ?? 'no error'})`;
  if (change.kind === 'end') return `the end (${change.job.end?.status}, ${change.job.end?.error?.code ?? 'no error'})`;
  const { state, attempt, rescues, dueAtMs, lease } = change.live;
  return `${state} attempt ${attempt} rescues ${rescues} due ${dueAtMs} lease ${lease?.untilMs ?? '-'}`;
}
