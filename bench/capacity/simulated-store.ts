import { MemoryCapacityStore } from '../../src/core/adapters/memory/capacity-store.ts';
import type {
  CapacityStore,
  PoolCommit,
  PoolRowChange,
  StoredPoolRow,
} from '../../src/core/capacity/capacity-store.ts';
import type { VirtualTime } from '../virtual-time.ts';
import type { Draws } from './seeded.ts';

/** Operations as the bill counts them: reads, transactions that won, transactions that lost. */
export interface StoreOperations {
  reads: number;
  commits: number;
  lost: number;
}

/** The table behind a network: every call takes a round trip, is judged in its middle, and costs an operation. */
export class SimulatedStore {
  readonly operations: StoreOperations = { reads: 0, commits: 0, lost: 0 };
  readonly #time: VirtualTime;
  readonly #rows: MemoryCapacityStore;

  constructor(time: VirtualTime) {
    this.#time = time;
    this.#rows = new MemoryCapacityStore(() => time.nowMs);
  }

  /** Somebody writes nonsense into a row by hand. */
  async damage(model: string, key: string): Promise<void> {
    const row = (await this.#rows.readPool(model)).find((stored) => stored.key === key);
    if (row === undefined) throw new Error(`There is no row ${key} to damage.`);
    await this.#rows.commit(model, [{ key, text: '{"by": "hand"', version: row.version }]);
  }

  /** One machine's connection; `roundTripMs` is the median of its round trips. */
  connect(draws: Draws, roundTripMs: number): CapacityStore {
    const half = () => this.#time.sleep(draws.lognormal(roundTripMs / 2, 0.35));
    return {
      readPool: async (model): Promise<readonly StoredPoolRow[]> => {
        this.operations.reads += 1;
        await half();
        const rows = await this.#rows.readPool(model);
        await half();
        return rows;
      },
      commit: async (model: string, changes: readonly PoolRowChange[]): Promise<PoolCommit> => {
        await half();
        const result = await this.#rows.commit(model, changes);
        if (result.outcome === 'lost') this.operations.lost += 1;
        else this.operations.commits += 1;
        await half();
        return result;
      },
    };
  }
}
