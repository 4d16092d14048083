import type { InvocationContext } from '@azure/functions';
import { handBackMessage, waitForApplication } from '../../core/composition/lifecycle.ts';
import { receiveMessage } from '../../core/gateway/receive-message.ts';
import { receivePoisonMessage } from '../../core/gateway/receive-poison-message.ts';
import type { Lane } from '../../core/jobs/job.ts';
import { decodeMessage } from './decode-message.ts';

/** A message waits this long for the process to start: others are to have it soon, and one that cannot start takes few. */
const startPatienceMs = 10_000;

/** One message of a lane. */
export async function handleMessage(lane: Lane, message: unknown, context: InvocationContext): Promise<void> {
  const received = { text: decodeMessage(message), expiresAtMs: readExpiry(context) };
  const application = await waitForApplication(startPatienceMs);
  if (application === null) await handBackMessage(lane, received);
  else await receiveMessage(application.ports, lane, received);
}

/** One message that the host moved to the lane's poison queue. A process that has not started hands it back as a wake-up. */
export async function handlePoisonMessage(lane: Lane, message: unknown): Promise<void> {
  const text = decodeMessage(message);
  const application = await waitForApplication(startPatienceMs);
  if (application === null) await handBackMessage(lane, { text, expiresAtMs: null });
  else await receivePoisonMessage(application.ports, lane, text);
}

/** When the queue drops the message; a message without an end is told as the year 9999. */
function readExpiry(context: InvocationContext): number | null {
  const told = context.triggerMetadata?.['expirationTime'];
  const atMs = typeof told === 'string' ? Date.parse(told) : Number.NaN;
  return Number.isFinite(atMs) ? atMs : null;
}
