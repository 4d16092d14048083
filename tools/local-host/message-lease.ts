import type { DequeuedMessageItem, QueueClient } from '@azure/storage-queue';
import type { HostLog } from './host-log.ts';
import { isMessageGone } from './storage-status.ts';

/** Keeps a received message invisible while it is worked on, and ends that. A lost message is no error. */
export class MessageLease {
  readonly #queue: QueueClient;
  readonly #messageId: string;
  readonly #seconds: number;
  readonly #log: HostLog;
  #popReceipt: string;
  #timer: NodeJS.Timeout | undefined;
  #renewal: Promise<void> = Promise.resolve();

  constructor(queue: QueueClient, message: DequeuedMessageItem, seconds: number, log: HostLog) {
    this.#queue = queue;
    this.#messageId = message.messageId;
    this.#popReceipt = message.popReceipt;
    this.#seconds = seconds;
    this.#log = log;
  }

  /** Renews at half-life until `stopKeeping`, for ever if need be. */
  keep(): void {
    this.#timer = setInterval(
      () => {
        this.#renewal = this.#renew();
      },
      (this.#seconds / 2) * 1000,
    );
  }

  stopKeeping(): void {
    clearInterval(this.#timer);
  }

  /** Removes the message from the queue. */
  async deleteMessage(): Promise<void> {
    await this.#end(async () => {
      await this.#queue.deleteMessage(this.#messageId, this.#popReceipt);
    });
  }

  /** Gives the message back, to be seen again after the delay. */
  async release(visibilityTimeoutMs: number): Promise<void> {
    await this.#end(async () => {
      await this.#queue.updateMessage(
        this.#messageId,
        this.#popReceipt,
        undefined,
        Math.ceil(visibilityTimeoutMs / 1000),
      );
    });
  }

  async #renew(): Promise<void> {
    try {
      const renewed = await this.#queue.updateMessage(this.#messageId, this.#popReceipt, undefined, this.#seconds);
      if (renewed.popReceipt !== undefined) this.#popReceipt = renewed.popReceipt;
    } catch (error) {
      this.#log.warn(
        `Message ${this.#messageId}: lease not renewed: ${error instanceof Error ? error.message : error}`,
      );
      if (isMessageGone(error)) this.stopKeeping();
    }
  }

  async #end(action: () => Promise<void>): Promise<void> {
    this.stopKeeping();
    // A renewal under way changes the receipt that the action must show.
    await this.#renewal;
    try {
      await action();
    } catch (error) {
      if (!isMessageGone(error)) throw error;
      this.#log.detail(`Message ${this.#messageId} was already gone.`);
    }
  }
}
