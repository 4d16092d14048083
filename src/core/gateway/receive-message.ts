import { StorageUnavailableError } from '../http/weir-error.ts';
import type { Lane } from '../jobs/job.ts';
import type { WakeUp } from '../jobs/wake-queue.ts';
import { parseWakeUpMessage } from '../jobs/wake-up-message.ts';
import { NewerRowError } from '../versioned.ts';
import type { Ports } from './ports.ts';
import { type RunOutcome, runJob } from './run-job.ts';

/** A message as the queue held it. */
export interface ReceivedMessage {
  readonly text: string;
  /** When the queue would drop it; null when never. */
  readonly expiresAtMs: number | null;
}

/** A message of a newer version waits this long for a newer worker before it is looked at again. */
const putBackMs = 60_000;
/** A message of a newer version that never expires gets an end of its own: nobody may be left who understands it. */
const longestPutBackMs = 7 * 24 * 3600_000;
/** A wake-up that storage could not serve comes again after this, give or take half. */
const storageAwayMs = 20_000;

/**
 * Handles one message of a lane. What is no pointer to a job is put on record and not delivered again; what a newer
 * version wrote goes back for a newer worker; everything else is a wake-up.
 */
export async function receiveMessage(
  ports: Ports,
  lane: Lane,
  message: ReceivedMessage,
): Promise<RunOutcome | 'put_back' | 'dead_letter'> {
  const reading = parseWakeUpMessage(message.text);
  switch (reading.kind) {
    case 'wake-up':
      return runOrWait(ports, lane, message, reading.wakeUp);
    case 'newer':
      return putBackForNewer(ports, lane, message, reading.version);
    case 'invalid':
      await recordDeadLetter(ports, lane, message.text, reading.reason);
      return 'dead_letter';
  }
}

/**
 * Runs the job; with storage away the wake-up is sent again instead of failing the message, whose few deliveries are for
 * crashes. If the queue is away as well the host delivers again. A job whose rows a newer version wrote is that version's.
 */
async function runOrWait(
  ports: Ports,
  lane: Lane,
  message: ReceivedMessage,
  wakeUp: WakeUp,
): Promise<RunOutcome | 'put_back' | 'dead_letter'> {
  try {
    return await runJob(ports, wakeUp);
  } catch (error) {
    if (error instanceof NewerRowError) return putBackForNewer(ports, lane, message, error.rowVersion);
    if (!(error instanceof StorageUnavailableError)) throw error;
    await ports.wakeQueue.send(lane, wakeUp, storageAwayMs * (0.5 + ports.random.next()));
    return 'put_back';
  }
}

/** Puts back what only a newer version understands, be it the message or its job's rows; at its expiry it goes on record. */
export async function putBackForNewer(
  ports: Ports,
  lane: Lane,
  message: ReceivedMessage,
  version: number,
): Promise<'put_back' | 'dead_letter'> {
  const leftMs = (message.expiresAtMs ?? Number.POSITIVE_INFINITY) - ports.clock.now();
  if (leftMs <= putBackMs) {
    await recordDeadLetter(ports, lane, message.text, `version ${version} found no newer worker`);
    return 'dead_letter';
  }
  await ports.wakeQueue.putBack(lane, message.text, {
    delayMs: putBackMs,
    leftMs: Math.min(leftMs, longestPutBackMs),
  });
  const text = `A message, or the rows of its job, are of version ${version}: it was put back for a newer worker.`;
  notice(ports, 'newer_message', text, { lane, version });
  return 'put_back';
}

/** Puts an unreadable message on record and tells operators; its text goes nowhere. */
export async function recordDeadLetter(ports: Ports, lane: Lane, text: string, reason: string): Promise<void> {
  await ports.deadLetters.record({
    lane,
    atMs: ports.clock.now(),
    reason,
    characters: text.length,
    sha256: ports.sha256(text),
  });
  const message =
    'A queue message that points to no job was taken out and put on record: partition ~poison of the table teams; GET /queues counts them.';
  notice(ports, 'poison_message', message, { lane, reason, characters: text.length });
}

function notice(ports: Ports, name: string, message: string, fields: Record<string, string | number>): void {
  ports.telemetry.track({ type: 'notice', atMs: ports.clock.now(), level: 'warning', name, message, fields });
}
