import { decideWake } from '../jobs/decide-wake.ts';
import type { WakeUp } from '../jobs/wake-queue.ts';
import { DamagedRowError } from '../versioned.ts';
import { awaitSignOfLife } from './await-sign-of-life.ts';
import { endJob } from './end-job.ts';
import { mendJob } from './mend-job.ts';
import type { Ports } from './ports.ts';
import { readRows } from './read-rows.ts';
import { rescueJob } from './rescue-job.ts';
import { wakeJob } from './wake-job.ts';
import { workOnJob } from './work-on-job.ts';

/** What a wake-up came to. */
export type RunOutcome = 'gone' | 'ignored' | 'handed_back' | 'parked' | 'ended' | 'lost';

/** Looks at the row again after a lost race this often before leaving the job to whoever won. */
const maxLooks = 5;

/**
 * Handles one wake-up: reads the row, which is the truth, and does what it says. Ends silently when the job is gone,
 * somebody works on it, or a later message stands for it. Throws only when storage is away, so that the host delivers again.
 */
export function runJob(ports: Ports, wakeUp: WakeUp): Promise<RunOutcome> {
  return ports.drain.track(() => lookOrMend(ports, wakeUp));
}

/** A row that somebody damages while it is worked on ends the job; whoever reads it next would fail as well. */
async function lookOrMend(ports: Ports, wakeUp: WakeUp): Promise<RunOutcome> {
  try {
    return await look(ports, wakeUp);
  } catch (error) {
    if (!(error instanceof DamagedRowError)) throw error;
    return (await mendJob(ports, wakeUp.team, wakeUp.job)) === 'mended' ? 'ended' : 'lost';
  }
}

async function look(ports: Ports, wakeUp: WakeUp): Promise<RunOutcome> {
  for (let looks = 0; looks < maxLooks; looks += 1) {
    const { job, row } = await readRows(ports, wakeUp.team, wakeUp.job);
    if (job === null || row === null || job.end !== null) return 'gone';
    if (ports.drain.isDraining) {
      await wakeJob(ports, job.lane, wakeUp, 0);
      return 'handed_back';
    }
    const decision = decideWake(row.value, ports.clock.now());
    switch (decision.outcome) {
      case 'ignore':
        return 'ignored';
      case 'end': {
        const { status } = decision;
        const ended = await endJob(ports, job, row, { status, response: null, error: null, usage: [] });
        if (ended.outcome === 'ended') return 'ended';
        break;
      }
      case 'rescue':
        if ((await awaitSignOfLife(ports)) && (await rescueJob(ports, job, row)) === 'ended') return 'ended';
        break;
      case 'proceed': {
        const worked = await workOnJob(ports, job, row);
        if (worked !== 'lost') return worked;
      }
    }
  }
  return 'lost';
}
