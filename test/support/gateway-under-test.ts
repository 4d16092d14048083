import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import { MemoryContentStore } from '../../src/core/adapters/memory/content-store.ts';
import { MemoryDeadLetters } from '../../src/core/adapters/memory/dead-letters.ts';
import { MemoryJobStore } from '../../src/core/adapters/memory/job-store.ts';
import { MemoryLiveJobStore } from '../../src/core/adapters/memory/live-job-store.ts';
import { type MemoryState, makeMemoryState, openTeam } from '../../src/core/adapters/memory/memory-state.ts';
import { MemoryRepairStore } from '../../src/core/adapters/memory/repair-store.ts';
import { fourLettersAToken } from '../../src/core/adapters/memory/token-counter.ts';
import { MemoryUsageStore } from '../../src/core/adapters/memory/usage-store.ts';
import { MemoryWakeQueue } from '../../src/core/adapters/memory/wake-queue.ts';
import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { makeOwnParts } from '../../src/core/gateway/own-parts.ts';
import type { Ports } from '../../src/core/gateway/ports.ts';
import { receiveMessage } from '../../src/core/gateway/receive-message.ts';
import { type RunOutcome, runJob } from '../../src/core/gateway/run-job.ts';
import { type Submitted, submitJob } from '../../src/core/gateway/submit-job.ts';
import type { JobSubmission } from '../../src/core/http/parse-job-submission.ts';
import { StorageUnavailableError } from '../../src/core/http/weir-error.ts';
import type { Principal } from '../../src/core/identity/principal.ts';
import { type Job, lanes } from '../../src/core/jobs/job.ts';
import type { LiveJob } from '../../src/core/jobs/live-job.ts';
import type { TelemetryEvent } from '../../src/core/telemetry/telemetry.ts';
import { exampleConfig } from '../unit/core/config/example.ts';
import { findViolations } from './check-invariants.ts';
import { Intercepted } from './intercept.ts';
import { ScriptedCapacity } from './scripted-capacity.ts';
import { ScriptedUpstream } from './scripted-upstream.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface GatewayOptions {
  /** Sections of the configuration that replace the minimal one's. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Another process over the same storage, time, upstream and capacity. */
  readonly beside?: GatewayUnderTest;
  readonly leaseMs?: number;
  /** Its own upstream; else that of the process beside it. */
  readonly upstream?: ScriptedUpstream;
}

/** Accepting request's trace context in every test. */
export const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** One process's use cases over memory storage, time that a test moves, and an upstream and capacity that it scripts. */
export class GatewayUnderTest {
  readonly clock: VirtualClock;
  readonly state: MemoryState;
  readonly upstream: ScriptedUpstream;
  readonly capacity: ScriptedCapacity;
  readonly events: TelemetryEvent[] = [];
  readonly queue: MemoryWakeQueue;
  readonly jobs: Intercepted<MemoryJobStore>;
  readonly live: Intercepted<MemoryLiveJobStore>;
  readonly contents: Intercepted<MemoryContentStore>;
  readonly wakeQueue: Intercepted<MemoryWakeQueue>;
  readonly letters: MemoryDeadLetters;
  readonly ports: Ports;
  config: WeirConfig;

  constructor(options: GatewayOptions = {}) {
    const { beside } = options;
    this.clock = beside?.clock ?? new VirtualClock();
    this.state = beside?.state ?? makeMemoryState();
    this.upstream = options.upstream ?? beside?.upstream ?? new ScriptedUpstream();
    this.capacity = beside?.capacity ?? new ScriptedCapacity(this.clock, ['eastus', 'westeurope']);
    this.letters = beside?.letters ?? new MemoryDeadLetters();
    this.config = options.config === undefined ? (beside?.config ?? exampleConfig()) : exampleConfig(options.config);
    const { clock, state } = this;
    this.queue = new MemoryWakeQueue(state, () => clock.now());
    this.jobs = new Intercepted(new MemoryJobStore(state));
    this.live = new Intercepted(new MemoryLiveJobStore(state, 5));
    this.contents = new Intercepted(new MemoryContentStore(state, sha256));
    this.wakeQueue = new Intercepted(this.queue);
    const usage = new MemoryUsageStore(state);
    const repairs = new MemoryRepairStore(state, 5);
    const random = makeRandom(beside === undefined ? 'first' : `beside-${state.writes}`);
    const telemetry = { track: (event: TelemetryEvent) => void this.events.push(event), flush: async () => {} };
    const config = { current: () => this.config, start: async () => {}, stop: async () => {} };
    const { port: jobs } = this.jobs;
    const { port: live } = this.live;
    const shared = { clock, random, config, jobs, live, usage, repairs, telemetry, upstream: this.upstream };
    this.ports = {
      ...shared,
      ...makeOwnParts(shared),
      tokenCounter: fourLettersAToken,
      sha256,
      contents: this.contents.port,
      wakeQueue: this.wakeQueue.port,
      deadLetters: this.letters,
      capacity: this.capacity,
      settings: { leaseMs: options.leaseMs ?? 45_000, graceMs: 20_000 },
      holder: beside === undefined ? 'first' : 'second',
    };
  }

  /** Accepts a chat job of the team `search`. */
  submit(fields: Partial<JobSubmission> & { team?: string; prompt?: string } = {}): Promise<Submitted> {
    const { team = 'search', prompt = 'What is a weir?', ...rest } = fields;
    const body = { model: 'gpt-4.1-mini', messages: [{ role: 'user', content: prompt }], max_tokens: 50 };
    return submitJob(
      this.ports,
      principalOf(team),
      {
        endpoint: '/v1/chat/completions',
        body,
        model: 'gpt-4.1-mini',
        lane: 'standard',
        deadlineSeconds: 600,
        metadata: {},
        idempotencyKey: null,
        waitSeconds: 0,
        ...rest,
      },
      traceparent,
    );
  }

  /** Accepts a job and takes its wake-up out of the queue: the test delivers it. */
  async accept(fields: Parameters<GatewayUnderTest['submit']>[0] = {}): Promise<Job> {
    const { view } = await this.submit(fields);
    for (const lane of lanes) this.state.queues[lane].length = 0;
    return view.job;
  }

  /** Delivers one wake-up of a job. */
  wake(job: Job): Promise<RunOutcome> {
    return runJob(this.ports, { team: job.team, job: job.id });
  }

  /** Moves time on until the work is done. */
  async finish<T>(work: Promise<T>): Promise<T> {
    let isDone = false;
    const done = work.finally(() => {
      isDone = true;
    });
    done.catch(() => {});
    while (!isDone) {
      const hasMoved = await this.clock.advanceToNext();
      if (!hasMoved && !isDone) await new Promise((resolve) => setImmediate(resolve));
    }
    return done;
  }

  /** Delivers every wake-up as it becomes visible, until the queues are empty. */
  async deliverAll(): Promise<void> {
    for (;;) {
      const waiting = lanes.flatMap((lane) => this.state.queues[lane].map((message) => message.visibleAtMs));
      if (waiting.length === 0) return;
      await this.clock.advance(Math.max(0, Math.min(...waiting) - this.clock.now()));
      for (const lane of lanes) {
        const message = this.queue.receive(lane, 30_000);
        if (message === null) continue;
        await this.finish(receiveMessage(this.ports, lane, { text: message.text, expiresAtMs: null }));
        this.queue.complete(lane, message.id);
      }
    }
  }

  /** The job as stored. */
  job(job: Job): Job {
    const found = openTeam(this.state, job.team).jobs.get(job.id);
    if (found === undefined) throw new Error(`There is no job ${job.id}.`);
    return found;
  }

  /** The live row as stored; null when the job has none. */
  liveRow(job: Job): LiveJob | null {
    return openTeam(this.state, job.team).live.get(job.id)?.value ?? null;
  }

  /** Usage rows of a job, oldest attempt first. */
  usage(job: Job) {
    const rows = [...openTeam(this.state, job.team).usage.values()].filter((row) => row.jobId === job.id);
    return rows.sort((left, right) => left.attempt - right.attempt);
  }

  /** Types of the job's trail. */
  trail(job: Job): string[] {
    const trail = this.job(job).end?.trail ?? this.liveRow(job)?.trail ?? [];
    return trail.map((event) => event.type);
  }

  notices(name: string): TelemetryEvent[] {
    return this.events.filter((event) => event.type === 'notice' && event.name === name);
  }

  expectSound(): void {
    expect(findViolations(this.state)).toEqual([]);
  }
}

/** What storage throws when it is away. */
export const storageAway = new StorageUnavailableError('test', null);

export function principalOf(team: string, role: Principal['role'] = 'team'): Principal {
  return { team, role, authenticatedBy: 'key' };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Chance that repeats itself run by run. */
function makeRandom(seed: string) {
  let drawn = 0;
  const draw = () => {
    drawn += 1;
    return sha256(`${seed}-${drawn}`);
  };
  return {
    next: () => Number.parseInt(draw().slice(0, 12), 16) / 16 ** 12,
    hex: (bytes: number) => draw().slice(0, bytes * 2),
  };
}
