import type { InvocationContext } from '@azure/functions';
import { getApplication } from '../../core/composition.ts';
import { receiveMessage } from '../../core/gateway/receive-message.ts';
import { receivePoisonMessage } from '../../core/gateway/receive-poison-message.ts';
import type { Lane } from '../../core/jobs/job.ts';
import { decodeMessage } from './decode-message.ts';

/** One message of a lane. */
export async function handleMessage(lane: Lane, message: unknown, context: InvocationContext): Promise<void> {
  const { ports } = await getApplication();
  await receiveMessage(ports, lane, { text: decodeMessage(message), expiresAtMs: readExpiry(context) });
}

/** One message that the host moved to the lane's poison queue. */
export async function handlePoisonMessage(lane: Lane, message: unknown): Promise<void> {
  const { ports } = await getApplication();
  await receivePoisonMessage(ports, lane, decodeMessage(message));
}

/** When the queue drops the message; a message without an end is told as the year 9999. */
function readExpiry(context: InvocationContext): number | null {
  const told = context.triggerMetadata?.['expirationTime'];
  const atMs = typeof told === 'string' ? Date.parse(told) : Number.NaN;
  return Number.isFinite(atMs) ? atMs : null;
}
