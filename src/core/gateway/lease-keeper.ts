import type { Clock } from '../clock.ts';
import type { JobStore } from '../jobs/job-store.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import type { Versioned } from '../versioned.ts';

/** Why a call in flight is cut short. `lost`: somebody else took the job over, the fence will refuse this attempt's result. */
export type AbortCause = 'cancelled' | 'lost' | 'deadline' | 'drain';

/** How often the row is looked at while a call runs: a cancellation is seen well within three seconds. */
const lookEveryMs = 1500;

/**
 * Heartbeat of one running attempt: sees cancellation, renews the lease when a third of it is used up, and remembers
 * the newest version of the live row for the commit.
 */
export class LeaseKeeper {
  readonly #ports: { store: JobStore; clock: Clock };
  readonly #leaseMs: number;
  readonly #abort = new AbortController();
  readonly #stop = new AbortController();
  #row: Versioned<LiveJob>;
  #cause: AbortCause | null = null;
  #beating: Promise<void> = Promise.resolve();

  constructor(ports: { store: JobStore; clock: Clock }, row: Versioned<LiveJob>, leaseMs: number) {
    this.#ports = ports;
    this.#row = row;
    this.#leaseMs = leaseMs;
  }

  /** Aborts the call. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  get cause(): AbortCause | null {
    return this.#cause;
  }

  /** The live row as it was last read or written. */
  get row(): Versioned<LiveJob> {
    return this.#row;
  }

  start(): void {
    this.#beating = this.#beat();
  }

  /** Cuts the call short; the first cause stands. */
  cut(cause: AbortCause): void {
    if (this.#cause !== null) return;
    this.#cause = cause;
    this.#abort.abort();
  }

  /** Ends the heartbeat; afterwards nothing changes the row on this attempt's behalf. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#beating;
  }

  async #beat(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await this.#ports.clock.sleep(Math.min(lookEveryMs, this.#leaseMs / 3), this.#stop.signal);
      if (this.#stop.signal.aborted) return;
      try {
        await this.#look();
      } catch {
        // Storage is away: the call goes on, and whether the lease still stands is decided by the fence at the commit.
      }
    }
  }

  async #look(): Promise<void> {
    const { store, clock } = this.#ports;
    const mine = this.#row.value;
    const read = await store.readLive(mine.team, mine.id);
    if (read === null || read.value.attempt !== mine.attempt || read.value.state !== 'running') {
      this.cut('lost');
      return;
    }
    this.#row = read;
    if (read.value.cancelRequested) this.cut('cancelled');
    const { lease } = read.value;
    if (lease === null || lease.untilMs - clock.now() > (this.#leaseMs * 2) / 3) return;
    const renewed: LiveJob = { ...read.value, lease: { ...lease, untilMs: clock.now() + this.#leaseMs } };
    const result = await store.apply(
      mine.team,
      [{ kind: 'advance', live: renewed, version: read.version, usage: [] }],
      null,
    );
    if (result.outcome === 'applied') this.#row = { value: renewed, version: result.versions[0] ?? read.version };
  }
}
