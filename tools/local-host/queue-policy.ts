import type { QueueSettings } from './host-settings.ts';

const minimumDelayMs = 100;

/**
 * The wait before the next look at a queue that was empty `emptyPolls` times in a row (at least 1): doubles from
 * 100 ms, ±20 %, up to the polling interval. `random` is in [0, 1).
 */
export function pollingDelayMs(emptyPolls: number, maxPollingIntervalMs: number, random: number): number {
  const growth = minimumDelayMs * (2 ** Math.min(emptyPolls, 40) - 1) * (0.8 + 0.4 * random);
  return Math.min(maxPollingIntervalMs, Math.round(minimumDelayMs + growth));
}

/** A received message as far as the decisions about it need to know. */
export interface ReceivedMessage {
  text: string;
  dequeueCount: number;
}

/** What to do with a message that was just received. */
export type ReceiptDecision =
  | { action: 'invoke'; text: string }
  | { action: 'poison'; reason: 'undecodable' | 'dequeued-too-often' };

/** Decides on receipt: undecodable or dequeued more often than allowed goes to poison without invoking. */
export function decideOnReceipt(message: ReceivedMessage, settings: QueueSettings): ReceiptDecision {
  const text = settings.messageEncoding === 'none' ? message.text : decodeBase64(message.text);
  if (text === undefined) return { action: 'poison', reason: 'undecodable' };
  if (message.dequeueCount > settings.maxDequeueCount) return { action: 'poison', reason: 'dequeued-too-often' };
  return { action: 'invoke', text };
}

function decodeBase64(text: string): string | undefined {
  // Buffer ignores what is not base64; .NET does not, save for white space.
  const compact = text.replace(/\s/g, '');
  if (compact.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(compact)) return undefined;
  return Buffer.from(compact, 'base64').toString('utf8');
}

/** What to do with a message whose function has ended. */
export type CompletionDecision =
  | { action: 'delete' }
  | { action: 'release'; visibilityTimeoutMs: number }
  | { action: 'poison' }
  | { action: 'leave' };

/**
 * Decides after the invocation. A failed message of a poison queue is left invisible until its lease ends: it has no
 * poison queue of its own, and released at once it would spin.
 */
export function decideOnCompletion(
  succeeded: boolean,
  message: ReceivedMessage,
  queueName: string,
  settings: QueueSettings,
): CompletionDecision {
  if (succeeded) return { action: 'delete' };
  if (poisonQueueName(queueName) === undefined) return { action: 'leave' };
  if (message.dequeueCount >= settings.maxDequeueCount) return { action: 'poison' };
  return { action: 'release', visibilityTimeoutMs: settings.visibilityTimeoutMs };
}

/** The queue that takes what cannot be processed; a poison queue has none. */
export function poisonQueueName(queueName: string): string | undefined {
  return queueName.endsWith('-poison') ? undefined : `${queueName}-poison`;
}
