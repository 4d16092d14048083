import type { Draws } from '../../bench/capacity/seeded.ts';
import type { VirtualTime } from '../../bench/virtual-time.ts';
import { StorageClock } from '../../src/core/adapters/system/storage-clock.ts';
import type { Clock } from '../../src/core/clock.ts';

/**
 * One process of the app: it has a clock of its own that may be wrong, can freeze for a while, and can die between any two
 * steps. Whatever of it was waiting then waits for ever, as in a real crash.
 */
export class SimulatedProcess {
  readonly name: string;
  readonly draws: Draws;
  /** Time as its use cases see it: its own wrong clock, corrected by what storage tells. */
  readonly clock: Clock;
  /** Resolves when it dies: connections to it break. */
  readonly died: Promise<void>;
  readonly #time: VirtualTime;
  readonly #storageClock: StorageClock;
  #skewMs: number;
  #frozenUntilMs = 0;
  #isAlive = true;
  #tellDeath: () => void = () => {};

  constructor(name: string, time: VirtualTime, draws: Draws, skewMs: number) {
    this.name = name;
    this.draws = draws;
    this.#time = time;
    this.#skewMs = skewMs;
    this.#storageClock = new StorageClock(() => this.localNow());
    this.died = new Promise((resolve) => {
      this.#tellDeath = resolve;
    });
    this.clock = {
      now: () => this.#storageClock.now(),
      sleep: async (durationMs, signal) => {
        if (!(durationMs > 0) || signal?.aborted === true) return;
        await time.sleep(Math.ceil(durationMs), signal);
        await this.pass();
      },
    };
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /** The machine's own clock. */
  localNow(): number {
    return this.#time.nowMs + this.#skewMs;
  }

  /** Somebody sets the clock. */
  jump(byMs: number): void {
    this.#skewMs += byMs;
  }

  /** Learns storage's time from an answer, as the adapters do. */
  learn(sentAtMs: number): void {
    const dateMs = Math.floor(this.#time.nowMs / 1000) * 1000;
    this.#storageClock.observe({ dateMs, sentAtMs, receivedAtMs: this.localNow() });
  }

  freeze(durationMs: number): void {
    this.#frozenUntilMs = Math.max(this.#frozenUntilMs, this.#time.nowMs + durationMs);
  }

  thaw(): void {
    this.#frozenUntilMs = 0;
  }

  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#tellDeath();
  }

  /** Resolves when the process may take its next step: late when it is frozen, never when it is dead. */
  async pass(): Promise<void> {
    while (this.#isAlive && this.#frozenUntilMs > this.#time.nowMs) {
      // Looks again in pieces, because it may be thawed earlier.
      await this.#time.sleep(Math.min(1000, this.#frozenUntilMs - this.#time.nowMs));
    }
    if (!this.#isAlive) await new Promise(() => {});
  }
}
