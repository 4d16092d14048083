import type { JobView } from '../http/job-resource.ts';
import { WeirError } from '../http/weir-error.ts';
import { unknownFingerprint } from '../jobs/rebuild-job.ts';
import { DamagedRowError } from '../versioned.ts';
import type { Ports } from './ports.ts';
import { viewEnded, viewLive } from './read-job.ts';
import { readRows } from './read-rows.ts';
import { wakeUntouched } from './wake-untouched.ts';

/** A worker sees within a heartbeat that its job was deleted; aborting and erasing take about as long again. */
const lookEveryMs = 500;
const mostLooks = 12;

/**
 * The job that the key was used for before, woken again where nobody has looked at it yet; null: the key is free. A job that was deleted while it ran no longer stands for its
 * key: until it has ended and the key is free the caller waits, at most six seconds. Throws WeirError when the key stands for
 * another request, or is not free in time.
 */
export async function findReplay(
  ports: Ports,
  team: string,
  keySha256: string | null,
  fingerprint: string,
): Promise<JobView | null> {
  if (keySha256 === null) return null;
  for (let looks = 1; ; looks += 1) {
    const found = await lookAtKey(ports, team, keySha256, fingerprint);
    if (found !== 'being deleted') return found;
    if (looks === mostLooks || ports.drain.isDraining) {
      const message =
        'The job of this Idempotency-Key was deleted and is just ending; its key is free in a moment. Send the same request again.';
      throw new WeirError('storage_unavailable', message, { retryAfterMs: 1000 });
    }
    await ports.clock.sleep(lookEveryMs, ports.drain.waits);
  }
}

async function lookAtKey(
  ports: Ports,
  team: string,
  keySha256: string,
  fingerprint: string,
): Promise<JobView | null | 'being deleted'> {
  const id = await findOwner(ports, team, keySha256);
  if (id === null) return null;
  const { job, row } = await readRows(ports, team, id);
  if (job === null) {
    // Its job was deleted by hand: a key that stands for nothing would refuse every repetition for ever.
    await ports.repairs.freeKey(team, keySha256, id);
    return null;
  }
  if (row?.value.eraseRequested === true) return 'being deleted';
  if (job.fingerprint !== fingerprint && job.fingerprint !== unknownFingerprint) {
    throw new WeirError(
      'idempotency_key_reused',
      'This Idempotency-Key was used with another request. Use a new key for a new request, or send the same request again.',
      { param: 'Idempotency-Key' },
    );
  }
  if (row === null) return viewEnded(ports, job);
  await wakeUntouched(ports, row.value);
  return viewLive(ports, job, row.value);
}

/** The job that the key stands for; a key whose row cannot be read any more is free again. */
async function findOwner(ports: Ports, team: string, keySha256: string): Promise<string | null> {
  try {
    return await ports.jobs.findByIdempotencyKey(team, keySha256);
  } catch (error) {
    if (!(error instanceof DamagedRowError)) throw error;
    await ports.repairs.freeKey(team, keySha256, null);
    return null;
  }
}
