import { AzureWakeQueue } from '../adapters/azure-queues/wake-queue.ts';
import { connectStorage, type StorageConnection } from '../adapters/azure-storage/connection.ts';
import { systemRandom } from '../adapters/system/random.ts';
import { StorageClock } from '../adapters/system/storage-clock.ts';
import type { HandBackPorts } from '../gateway/hand-back.ts';
import { environment } from './settings.ts';

/** What a process has before its configuration. */
export interface Base extends HandBackPorts {
  readonly clock: StorageClock;
  readonly connection: StorageConnection;
}

let base: Base | null = null;

/** The base of this process, opened once; makes no call. */
export function openBase(): Base {
  if (base !== null) return base;
  const clock = new StorageClock();
  const connection = connectStorage({ settings: environment, observeDate: (observed) => clock.observe(observed) });
  base = { clock, random: systemRandom, connection, wakeQueue: new AzureWakeQueue({ connection }) };
  return base;
}
