import type { Lane } from '../../jobs/job.ts';
import type { WakeQueue, WakeUp } from '../../jobs/wake-queue.ts';
import { writeWakeUpMessage } from '../../jobs/wake-up-message.ts';
import type { StorageConnection } from '../azure-storage/connection.ts';
import { callStorage, type StorageBounds, storageBounds } from '../azure-storage/storage-call.ts';
import { queueNames } from '../azure-storage/storage-names.ts';

/** Longest invisibility that the queue service grants. */
const longestDelaySeconds = 7 * 24 * 60 * 60;
// A wake-up must outlive any wait; without this the service drops it after seven days.
const neverExpires = -1;

/** Wake-ups in one storage queue per lane, base64 as the host's queue trigger expects them. */
export class AzureWakeQueue implements WakeQueue {
  readonly #connection: StorageConnection;
  readonly #bounds: StorageBounds;

  constructor(options: { connection: StorageConnection; bounds?: StorageBounds }) {
    this.#connection = options.connection;
    this.#bounds = options.bounds ?? storageBounds;
  }

  async send(lane: Lane, wakeUp: WakeUp, delayMs: number): Promise<void> {
    await this.#put(lane, writeWakeUpMessage(wakeUp), delayMs, neverExpires);
  }

  async putBack(lane: Lane, text: string, life: { delayMs: number; leftMs: number }): Promise<void> {
    await this.#put(lane, text, life.delayMs, Math.max(1, Math.ceil(life.leftMs / 1000)));
  }

  async #put(lane: Lane, text: string, delayMs: number, messageTimeToLive: number): Promise<void> {
    const queue = await this.#connection.queue(queueNames[lane]);
    const message = Buffer.from(text, 'utf8').toString('base64');
    await callStorage(`send to queue ${queueNames[lane]}`, this.#bounds, ({ signal }) =>
      queue.sendMessage(message, {
        visibilityTimeout: readDelaySeconds(delayMs),
        messageTimeToLive,
        abortSignal: signal,
      }),
    );
  }

  async count(lane: Lane): Promise<number> {
    const queue = await this.#connection.queue(queueNames[lane]);
    const properties = await callStorage(`count queue ${queueNames[lane]}`, this.#bounds, ({ signal }) =>
      queue.getProperties({ abortSignal: signal }),
    );
    return properties.approximateMessagesCount ?? 0;
  }
}

/**
 * Whole seconds of invisibility for a delay, 0 to 7 days. Rounded down: who wakes up to a second early waits in the
 * process, who wakes late leaves quota unused.
 */
export function readDelaySeconds(delayMs: number): number {
  if (!(delayMs > 0)) return 0;
  return Math.min(Math.floor(delayMs / 1000), longestDelaySeconds);
}
