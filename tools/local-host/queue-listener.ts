import { setTimeout as sleep } from 'node:timers/promises';
import type { DequeuedMessageItem, QueueClient, QueueServiceClient } from '@azure/storage-queue';
import type { RegisteredFunction } from './function-app.ts';
import type { HostLog } from './host-log.ts';
import type { QueueSettings } from './host-settings.ts';
import type { Invoker } from './invocation.ts';
import { MessageLease } from './message-lease.ts';
import { decideOnCompletion, decideOnReceipt, poisonQueueName, pollingDelayMs } from './queue-policy.ts';
import { isStorageStatus } from './storage-status.ts';

// Hard-coded in the WebJobs SDK: the message of a process that died comes back after at most this long.
const leaseSeconds = 600;

/** What a queue listener works with. */
export interface QueueListenerParts {
  fn: RegisteredFunction;
  queueName: string;
  service: QueueServiceClient;
  settings: QueueSettings;
  invoker: Invoker;
  log: HostLog;
}

/** Polls one queue for one function until stopped. */
export class QueueListener {
  readonly #parts: QueueListenerParts;
  readonly #queue: QueueClient;
  readonly #stop = new AbortController();
  #running = 0;
  #onCapacity: (() => void) | undefined;
  #lastPollError = '';

  constructor(parts: QueueListenerParts) {
    this.#parts = parts;
    this.#queue = parts.service.getQueueClient(parts.queueName);
  }

  /** Polls until `stop`; resolves when no further message will be taken. Messages in work go on. */
  async run(): Promise<void> {
    let emptyPolls = 0;
    while (!this.#stop.signal.aborted) {
      const messages = await this.#receive();
      for (const message of messages) void this.#parts.invoker.track(this.#handle(message));
      if (messages.length > 0) {
        emptyPolls = 0;
        await this.#whenBelowThreshold();
        continue;
      }
      emptyPolls += 1;
      const delayMs = pollingDelayMs(emptyPolls, this.#parts.settings.maxPollingIntervalMs, Math.random());
      await sleep(delayMs, undefined, { signal: this.#stop.signal }).catch(() => {});
    }
    this.#parts.log.detail(`Queue '${this.#parts.queueName}' is polled no more.`);
  }

  stop(): void {
    this.#stop.abort();
    this.#onCapacity?.();
  }

  async #receive(): Promise<DequeuedMessageItem[]> {
    const { settings, queueName, log } = this.#parts;
    try {
      // Not tied to the stop signal: an aborted receive may already have hidden its messages for ten minutes.
      const response = await this.#queue.receiveMessages({
        numberOfMessages: settings.batchSize,
        visibilityTimeout: leaseSeconds,
      });
      if (this.#lastPollError !== '') log.info(`Queue '${queueName}' can be polled again.`);
      this.#lastPollError = '';
      return response.receivedMessageItems;
    } catch (error) {
      const text = isStorageStatus(error, 404) ? '' : error instanceof Error ? error.message : String(error);
      if (text !== '' && text !== this.#lastPollError) log.error(`Polling queue '${queueName}' failed: ${text}`);
      this.#lastPollError = text;
      return [];
    }
  }

  #whenBelowThreshold(): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (this.#running > this.#parts.settings.newBatchThreshold && !this.#stop.signal.aborted) return;
        this.#onCapacity = undefined;
        resolve();
      };
      this.#onCapacity = check;
      check();
    });
  }

  async #handle(message: DequeuedMessageItem): Promise<void> {
    this.#running += 1;
    try {
      await this.#process(message);
    } catch (error) {
      // The lease runs out and the message comes again: delivery is at least once.
      const text = error instanceof Error ? error.message : String(error);
      this.#parts.log.error(`Message ${message.messageId} of '${this.#parts.queueName}': ${text}`);
    } finally {
      this.#running -= 1;
      this.#onCapacity?.();
    }
  }

  async #process(message: DequeuedMessageItem): Promise<void> {
    const { fn, queueName, settings, invoker, log } = this.#parts;
    const received = { text: message.messageText, dequeueCount: message.dequeueCount };
    const lease = new MessageLease(this.#queue, message, leaseSeconds, log);
    const receipt = decideOnReceipt(received, settings);
    if (receipt.action === 'poison') {
      log.warn(`Message ${message.messageId} of '${queueName}' is not processed: ${receipt.reason}.`);
      return await this.#moveToPoison(message, lease);
    }

    lease.keep();
    const outcome = await invoker
      .invoke(fn, {
        data: { string: receipt.text },
        metadata: toMetadata(message, receipt.text),
        reason: `New queue message detected on '${queueName}'.`,
      })
      .finally(() => lease.stopKeeping());

    const completion = decideOnCompletion(outcome.outcome === 'succeeded', received, queueName, settings);
    switch (completion.action) {
      case 'delete':
        return await lease.deleteMessage();
      case 'release':
        return await lease.release(completion.visibilityTimeoutMs);
      case 'poison':
        log.warn(
          `Message ${message.messageId} has reached MaxDequeueCount of ${settings.maxDequeueCount}. ` +
            `Moving message to queue '${queueName}-poison'.`,
        );
        return await this.#moveToPoison(message, lease);
      case 'leave':
        return;
    }
  }

  // Copied first and deleted then: a crash between leaves it in both, never in none.
  async #moveToPoison(message: DequeuedMessageItem, lease: MessageLease): Promise<void> {
    const name = poisonQueueName(this.#parts.queueName);
    if (name === undefined) return;
    const poison = this.#parts.service.getQueueClient(name);
    try {
      await poison.sendMessage(message.messageText);
    } catch (error) {
      if (!isStorageStatus(error, 404)) throw error;
      await poison.createIfNotExists();
      await poison.sendMessage(message.messageText);
    }
    await lease.deleteMessage();
  }
}

function toMetadata(message: DequeuedMessageItem, text: string) {
  const time = (date: Date) => ({ json: JSON.stringify(date.toISOString()) });
  return {
    Id: { string: message.messageId },
    DequeueCount: { json: String(message.dequeueCount) },
    PopReceipt: { string: message.popReceipt },
    InsertionTime: time(message.insertedOn),
    ExpirationTime: time(message.expiresOn),
    NextVisibleTime: time(message.nextVisibleOn),
    QueueTrigger: { string: text },
  };
}
