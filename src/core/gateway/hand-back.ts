import type { Clock } from '../clock.ts';
import type { Lane } from '../jobs/job.ts';
import type { WakeQueue } from '../jobs/wake-queue.ts';
import type { Random } from '../random.ts';
import type { ReceivedMessage } from './receive-message.ts';

/** What a process has before its configuration: enough to give a message to others. */
export interface HandBackPorts {
  readonly clock: Clock;
  readonly random: Random;
  readonly wakeQueue: WakeQueue;
}

/** A message handed back comes again after this, give or take half: soon, and not at once to the same process. */
const handBackMs = 4000;
/** Also that of a wake-up that never expires: longer than any deadline. */
const longestLifeMs = 7 * 24 * 3600_000;

/**
 * Puts a message back, unread, from a process that has no configuration yet. Failing it instead would use up its deliveries,
 * which are for crashes. If the queue is away as well the host delivers again.
 */
export async function handBack(ports: HandBackPorts, lane: Lane, message: ReceivedMessage): Promise<void> {
  const leftMs = (message.expiresAtMs ?? Number.POSITIVE_INFINITY) - ports.clock.now();
  await ports.wakeQueue.putBack(lane, message.text, {
    delayMs: handBackMs * (0.5 + ports.random.next()),
    leftMs: Math.min(Math.max(leftMs, 2 * handBackMs), longestLifeMs),
  });
}
