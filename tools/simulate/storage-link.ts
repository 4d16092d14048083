import type { Draws } from '../../bench/capacity/seeded.ts';
import type { VirtualTime } from '../../bench/virtual-time.ts';
import { StorageUnavailableError } from '../../src/core/http/weir-error.ts';
import type { SimulatedProcess } from './simulated-process.ts';
import type { Trace } from './trace.ts';
import type { Weather } from './weather.ts';

type Fate = 'answers' | 'fails_before' | 'fails_after' | 'applies_late' | 'killed_before' | 'killed_after';

/** As `storageBounds` of the adapters: after this a call without an answer is given up. */
const patienceMs = 2000;

/**
 * The way from a process to storage and back. Each call takes time and meets its fate: it may fail before it applied, after, or
 * apply when its caller has long given up; the process may die on either side of it, or freeze.
 */
export class StorageLink {
  /** False once the faults have stopped. */
  isFaulty = true;
  isDown = false;
  readonly #time: VirtualTime;
  readonly #draws: Draws;
  readonly #trace: Trace;
  readonly #weather: Weather;

  constructor(time: VirtualTime, draws: Draws, trace: Trace, weather: Weather) {
    this.#time = time;
    this.#draws = draws;
    this.#trace = trace;
    this.#weather = weather;
  }

  /** The store as the process sees it: every method is a call over this link, save those that need no storage. */
  connect<T extends object>(
    process: SimulatedProcess,
    name: string,
    store: T,
    isLocal: (method: string, args: readonly unknown[]) => boolean = () => false,
  ): T {
    return new Proxy(store, {
      get: (target, property) => {
        const method: unknown = Reflect.get(target, property);
        if (typeof method !== 'function') return method;
        return (...args: unknown[]) => {
          const apply = (): Promise<unknown> => Reflect.apply(method, target, args);
          return isLocal(String(property), args) ? apply() : this.#call(process, `${name}.${String(property)}`, apply);
        };
      },
    });
  }

  async #call(process: SimulatedProcess, label: string, apply: () => Promise<unknown>): Promise<unknown> {
    await process.pass();
    const what = `${process.name} ${label}`;
    const sentAtMs = process.localNow();
    const fate = this.#drawFate();
    if (fate === 'killed_before') {
      this.#trace.count('process killed before a storage call', what);
      process.kill();
    }
    await process.pass();
    await this.#time.sleep(this.#halfTripMs());
    // Sent is sent: what is under way arrives although its process has died meanwhile.
    if (fate === 'fails_before') return this.#fail(process, what, 'storage call fails before it applies');
    if (fate === 'applies_late') {
      const lateMs = patienceMs + Math.round(this.#draws.uniform(100, 6000));
      this.#time.at(this.#time.nowMs + lateMs, () => {
        this.#trace.note(`${what} applies late`);
        // Its caller has given up: nobody hears how it ended.
        void apply().catch(() => {});
      });
      return this.#fail(process, what, 'storage write applies after its failure');
    }
    this.#trace.note(what);
    const result = await apply();
    if (fate === 'fails_after') return this.#fail(process, what, 'storage call fails after it applied');
    if (fate === 'killed_after') {
      this.#trace.count('process killed after a storage call', what);
      process.kill();
    }
    await this.#time.sleep(this.#halfTripMs());
    this.#mayFreeze(process);
    await process.pass();
    process.learn(sentAtMs);
    return result;
  }

  async #fail(process: SimulatedProcess, what: string, fault: Parameters<Trace['count']>[0]): Promise<never> {
    this.#trace.count(fault, what);
    // Refused at once, or silence until the caller's patience ends.
    await this.#time.sleep(this.#draws.next() < 0.5 ? 1 : patienceMs);
    await process.pass();
    throw new StorageUnavailableError(what, null);
  }

  #drawFate(): Fate {
    const { storage } = this.#weather;
    if (!this.isFaulty) return 'answers';
    if (this.isDown) return this.#draws.next() < 0.9 ? 'fails_before' : 'fails_after';
    let chance = this.#draws.next();
    const isNext = (part: number) => {
      chance -= part;
      return chance < 0;
    };
    if (isNext(storage.failsBefore)) return 'fails_before';
    if (isNext(storage.failsAfter)) return 'fails_after';
    if (isNext(storage.appliesLate)) return 'applies_late';
    if (isNext(storage.killsBefore)) return 'killed_before';
    return isNext(storage.killsAfter) ? 'killed_after' : 'answers';
  }

  #mayFreeze(process: SimulatedProcess): void {
    if (!this.isFaulty || this.#draws.next() >= this.#weather.storage.freezes) return;
    this.#trace.count('process frozen', process.name);
    process.freeze(Math.round(this.#draws.uniform(300, 90_000)));
  }

  #halfTripMs(): number {
    if (this.isFaulty && this.#draws.next() < this.#weather.storage.slow) {
      this.#trace.count('storage answers slowly');
      return Math.round(this.#draws.uniform(100, 900));
    }
    return Math.round(this.#draws.uniform(1, 9));
  }
}
