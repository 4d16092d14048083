import { countFailedWakes, maxFailedWakes, poisonReason } from '../jobs/count-failed-wakes.ts';
import { decideWake } from '../jobs/decide-wake.ts';
import type { Lane } from '../jobs/job.ts';
import { appendTrail } from '../jobs/trail.ts';
import type { WakeUp } from '../jobs/wake-queue.ts';
import { parseWakeUpMessage } from '../jobs/wake-up-message.ts';
import { NewerRowError } from '../versioned.ts';
import { advanceJob } from './advance-job.ts';
import { endJob } from './end-job.ts';
import type { Ports } from './ports.ts';
import { readRows } from './read-rows.ts';
import { putBackForNewer, recordDeadLetter } from './receive-message.ts';
import { wakeJob } from './wake-job.ts';

/**
 * Handles a message that the host gave up on after repeated failures. Its job is neither lost nor failed by that alone:
 * if it is due and nobody works on it, it is woken again. No worker was lost (the job is unclaimed), so this has a bound of its
 * own: a process without configuration, or storage that is away, must not fail what waits.
 */
export async function receivePoisonMessage(ports: Ports, lane: Lane, text: string): Promise<void> {
  const reading = parseWakeUpMessage(text);
  if (reading.kind !== 'wake-up') {
    const reason = reading.kind === 'newer' ? `version ${reading.version} was not understood in time` : reading.reason;
    await recordDeadLetter(ports, lane, text, reason);
    return;
  }
  try {
    await lookAfterJob(ports, lane, reading.wakeUp);
  } catch (error) {
    if (!(error instanceof NewerRowError)) throw error;
    await putBackForNewer(ports, lane, { text, expiresAtMs: null }, error.rowVersion);
  }
}

async function lookAfterJob(ports: Ports, lane: Lane, { team, job: id }: WakeUp): Promise<void> {
  const { job, row } = await readRows(ports, team, id);
  const now = ports.clock.now();
  ports.telemetry.track({
    type: 'notice',
    atMs: now,
    level: 'error',
    name: 'poison_message',
    message: 'The host gave up delivering a wake-up; its job was looked after.',
    fields: { lane, team, job: id },
  });
  if (job === null || row === null || decideWake(row.value, now).outcome !== 'proceed') return;
  const trail = appendTrail(row.value.trail, {
    atMs: now,
    type: 'rescued' as const,
    attempt: row.value.attempt,
    reason: poisonReason,
  });
  const live = { ...row.value, dueAtMs: now, trail };
  const failedWakes = countFailedWakes(trail);
  if (failedWakes >= maxFailedWakes) {
    const message = `Its wake-ups failed ${failedWakes} times over before any worker could claim it; the job was given up. The host's log has the reason.`;
    const error = { type: 'server_error', code: 'worker_lost', message };
    await endJob(
      ports,
      job,
      { value: live, version: row.version },
      { status: 'failed', response: null, error, usage: [] },
    );
    return;
  }
  const moved = await advanceJob(ports, { live, version: row.version, usage: [] }, job.budgetPeriod);
  if (moved.outcome === 'advanced') await wakeJob(ports, lane, { team, job: id }, 0);
}
