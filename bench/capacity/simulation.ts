import { steadyTime } from '../../src/core/adapters/system/storage-clock.ts';
import { lineOf, placeOf } from '../../src/core/capacity/ticket.ts';
import type { Clock } from '../../src/core/clock.ts';
import type { Lane } from '../../src/core/jobs/job.ts';
import { VirtualTime } from '../virtual-time.ts';
import { type Incident, type JobSize, referenceSize, type Scenario, type TeamSetting } from './scenario.ts';
import { type Draws, draw } from './seeded.ts';
import type { SimulatedJob } from './simulated-job.ts';
import { createServiceDeployment, type ServiceDeployment, setLimits, takeForeign } from './simulated-service.ts';
import { SimulatedStore } from './simulated-store.ts';
import { TeamLog } from './team-log.ts';

/** The one pool of a run. */
export const model = 'model';

/** What a worker does with a job it was given. It ends when the job is done or parked (its `dueMs` set). */
export type Handle = (job: SimulatedJob) => Promise<void>;

/** Where a job would start by what its system knows now, in true time; null when it has no line. */
export type Forecast = (job: SimulatedJob) => Promise<number | null>;

export interface WorkerKind {
  readonly handle: Handle;
  readonly forecast: Forecast | null;
  /** Tells the system that a waiting job is gone. */
  readonly leave: ((job: SimulatedJob) => void) | null;
  /** Tokens in line by the system's own account. */
  readonly tokensInLine: (() => Promise<number>) | null;
}

/** Makes the worker number `index` of a run. */
export type WorkersOf = (simulation: Simulation, index: number, draws: Draws) => WorkerKind;

interface Worker extends WorkerKind {
  readonly index: number;
  busy: number;
  isTaking: boolean;
  isDead: boolean;
}

/** Every sweep looks at the parked jobs that fill this long. */
const SWEEP_AHEAD_MS = 30_000;
const SWEEP_EVERY_MS = 10_000;
/** A killed worker's jobs are taken over after their lease. */
const LEASE_MS = 30_000;

/** One run: jobs, workers with slots, the queue between them, the service and the store, all in virtual time. */
export class Simulation {
  readonly scenario: Scenario;
  readonly startMs = 1_790_000_000_000;
  readonly time: VirtualTime;
  readonly store: SimulatedStore;
  readonly service: readonly ServiceDeployment[];
  readonly jobs: SimulatedJob[] = [];
  readonly referenceSize = referenceSize;
  /** What the service let through, by team. */
  readonly teamUse = new Map<string, TeamLog>();
  /** Limits of teams that have changed since the start. */
  readonly teamChanges = new Map<string, TeamSetting>();
  /** What the system told operators, by name. */
  readonly notices: Record<string, number> = {};
  sweepWakes = 0;
  readonly #workers: Worker[] = [];
  readonly #workersOf: WorkersOf;
  readonly #draws: Draws;
  readonly #ready: SimulatedJob[] = [];
  readonly #jumpsMs = new Map<number, number>();

  constructor(scenario: Scenario, workersOf: WorkersOf) {
    this.scenario = scenario;
    this.time = new VirtualTime(this.startMs);
    this.store = new SimulatedStore(this.time);
    this.service = scenario.deployments.map((limits, index) => createServiceDeployment(`region-${index + 1}`, limits));
    this.#workersOf = workersOf;
    this.#draws = draw(scenario.seed, 'queue');
    for (let count = 0; count < scenario.workers; count += 1) this.#start();
  }

  /** The time in which figures are taken. */
  get measured(): { readonly fromMs: number; readonly untilMs: number } {
    const { warmUpS, measureUntilS } = this.scenario;
    const untilMs = measureUntilS === null ? this.time.nowMs : this.startMs + measureUntilS * 1000;
    return { fromMs: this.startMs + warmUpS * 1000, untilMs };
  }

  /** Whether what happens now counts in the figures. */
  get isMeasured(): boolean {
    const { fromMs, untilMs } = this.measured;
    return this.time.nowMs >= fromMs && this.time.nowMs <= untilMs;
  }

  /** The service let a call of a team through. */
  logTeam(team: string, tokens: number): void {
    const log = this.teamUse.get(team) ?? new TeamLog();
    log.add(tokens, this.time.nowMs, this.isMeasured);
    this.teamUse.set(team, log);
  }

  notice(name: string): void {
    this.notices[name] = (this.notices[name] ?? 0) + 1;
  }

  /** Weir's clock on one machine, whose time of day is off by `skewMs` and by what it has jumped since. */
  clockOf(index: number, skewMs: number): Clock {
    const wrongMs = skewMs + (this.scenario.wrongClocksMs[index] ?? 0);
    const localNow = steadyTime({
      wallMs: () => this.time.nowMs + wrongMs + (this.#jumpsMs.get(index) ?? 0),
      uptimeMs: () => this.time.nowMs - this.startMs,
    });
    return { now: localNow, sleep: (durationMs, signal) => this.time.sleep(durationMs, signal) };
  }

  /** Tokens in line by the account of a worker that lives; NaN for a system without a line. */
  async tokensInLine(): Promise<number> {
    const teller = this.#workers.find(({ isDead, tokensInLine }) => !isDead && tokensInLine !== null);
    const told = teller?.tokensInLine?.();
    if (told === undefined) return Number.NaN;
    let tokens = Number.NaN;
    void told.then((count) => {
      tokens = count;
    });
    await this.time.run(this.time.nowMs + 1000);
    return tokens;
  }

  submit(lane: Lane, team: string, size: JobSize): void {
    const job: SimulatedJob = {
      id: `job_${this.jobs.length}`,
      team,
      lane,
      size,
      submittedMs: this.time.nowMs,
      ticket: null,
      dueMs: this.time.nowMs,
      wakes: 0,
      parks: 0,
      throttled: 0,
      sentMs: null,
      isDone: false,
      isCancelled: false,
      isRefused: false,
      worker: null,
    };
    this.jobs.push(job);
    this.#wakeAt(job, this.time.nowMs);
  }

  isAllDone(): boolean {
    return this.jobs.every(({ isDone, isCancelled, isRefused }) => isDone || isCancelled || isRefused);
  }

  takeForeign(tokens: number): void {
    for (const deployment of this.service) {
      takeForeign(deployment, tokens / this.service.length, this.time.nowMs, this.isMeasured);
    }
  }

  meet(incident: Exclude<Incident, { kind: 'foreign' }>): void {
    if (incident.kind === 'start-workers') for (let count = 0; count < incident.count; count += 1) this.#start();
    else if (incident.kind === 'stop-workers')
      for (const worker of this.#taking(incident.count)) worker.isTaking = false;
    else if (incident.kind === 'kill-workers') for (const worker of this.#taking(incident.count)) this.#kill(worker);
    else if (incident.kind === 'cancel-next') this.#cancel(incident.lane, incident.count);
    else if (incident.kind === 'limits') for (const deployment of this.service) setLimits(deployment, incident.over);
    else if (incident.kind === 'team-limits') this.teamChanges.set(incident.team, incident.over);
    else if (incident.kind === 'damage-row') void this.store.damage(model, incident.key);
    else
      for (const { index } of this.#taking(incident.count))
        this.#jumpsMs.set(index, (this.#jumpsMs.get(index) ?? 0) + incident.byMs);
  }

  /** As the gateway's sweep does: parked jobs whose turn has come nearer than they know are woken. */
  startSweep(): void {
    const sweep = async () => {
      const teller = this.#workers.find(({ isDead, forecast }) => !isDead && forecast !== null);
      const parked = this.jobs
        .filter((job) => isWaiting(job) && job.ticket !== null)
        .sort((left, right) => placeOf(left.ticket) - placeOf(right.ticket));
      const lines = Map.groupBy(parked, ({ lane, team, ticket }) => `${lane}|${lineOf(ticket, team) ?? ''}`);
      for (const line of lines.values()) await this.#wakeSleepers(line.slice(0, 300), teller);
      this.time.at(this.time.nowMs + SWEEP_EVERY_MS, () => void sweep());
    };
    this.time.at(this.startMs + SWEEP_EVERY_MS, () => void sweep());
  }

  async #wakeSleepers(line: readonly SimulatedJob[], teller: Worker | undefined): Promise<void> {
    for (const job of line) {
      const startMs = (await teller?.forecast?.(job)) ?? null;
      if (startMs === null || startMs > this.time.nowMs + SWEEP_AHEAD_MS) return;
      if (job.worker !== null || job.dueMs < startMs + 3000) continue;
      this.sweepWakes += 1;
      this.#wakeAt(job, Math.max(this.time.nowMs, startMs - 1000));
    }
  }

  #start(): void {
    const index = this.#workers.length;
    const kind = this.#workersOf(this, index, draw(this.scenario.seed, `worker ${index}`));
    this.#workers.push({ ...kind, index, busy: 0, isTaking: true, isDead: false });
    this.#deliver();
  }

  #taking(count: number): Worker[] {
    return this.#workers.filter(({ isTaking }) => isTaking).slice(0, count);
  }

  #kill(worker: Worker): void {
    worker.isTaking = false;
    worker.isDead = true;
    for (const job of this.jobs) {
      if (job.worker !== worker.index || job.isDone) continue;
      job.worker = null;
      this.#wakeAt(job, this.time.nowMs + LEASE_MS);
    }
  }

  #cancel(lane: Lane, count: number): void {
    const waiting = this.jobs
      .filter((job) => job.lane === lane && job.worker === null && !job.isDone && job.ticket !== null)
      .sort((left, right) => (left.ticket?.start ?? 0) - (right.ticket?.start ?? 0));
    for (const job of waiting.slice(0, count)) {
      job.isCancelled = true;
      this.#workers.find(({ isDead }) => !isDead)?.leave?.(job);
    }
  }

  #wakeAt(job: SimulatedJob, atMs: number): void {
    job.dueMs = atMs;
    // Interactive jobs are calls that wait for their answer; the others come through the queue, which is polled.
    const delayMs = job.lane === 'interactive' ? 1 : this.#draws.uniform(20, 500);
    this.time.at(atMs + delayMs, () => {
      if (!isWaiting(job) || job.dueMs !== atMs) return;
      if (job.lane === 'interactive') this.#call(job);
      else this.#ready.push(job);
      this.#deliver();
    });
  }

  #deliver(): void {
    for (;;) {
      const job = this.#ready[0];
      if (job === undefined) return;
      const free = this.#workers.filter(({ busy, isTaking }) => isTaking && busy < this.scenario.slots);
      const worker = free[Math.floor(this.#draws.next() * free.length)];
      if (worker === undefined) return;
      this.#ready.shift();
      if (isWaiting(job)) void this.#give(worker, job);
    }
  }

  /** A call that waits for its answer: any worker takes it, beside the slots of the queue. */
  #call(job: SimulatedJob): void {
    const taking = this.#workers.filter(({ isTaking }) => isTaking);
    const worker = taking[Math.floor(this.#draws.next() * taking.length)];
    if (worker !== undefined) void this.#give(worker, job);
  }

  async #give(worker: Worker, job: SimulatedJob): Promise<void> {
    const slots = job.lane === 'interactive' ? 0 : 1;
    worker.busy += slots;
    job.worker = worker.index;
    job.wakes += 1;
    job.dueMs = Number.POSITIVE_INFINITY;
    await worker.handle(job);
    worker.busy -= slots;
    if (job.worker === worker.index && !worker.isDead) {
      job.worker = null;
      if (!job.isDone && Number.isFinite(job.dueMs)) this.#wakeAt(job, job.dueMs);
    }
    this.#deliver();
  }

  /** Whether a worker still lives: what a killed one would have done does not happen. */
  isAlive(index: number): boolean {
    return this.#workers[index]?.isDead !== true;
  }
}

function isWaiting({ worker, isDone, isCancelled, isRefused }: SimulatedJob): boolean {
  return worker === null && !isDone && !isCancelled && !isRefused;
}
