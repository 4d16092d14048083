import { budgetPeriodAt } from '../budgets/budget-period.ts';
import { findTeam } from '../config/find-deployment.ts';
import type { LivePage } from '../jobs/job-store.ts';
import { mendJob } from './mend-job.ts';
import type { Ports } from './ports.ts';
import { countHeld } from './recover-budget.ts';
import type { Walk } from './walk.ts';

/** What was put right in one team. */
export interface MendTally {
  /** Jobs without a live row, which no sweep comes upon. */
  mendedJobs: number;
  /** Budget rows whose holds were not those of the live jobs. */
  recountedBudgets: number;
}

/** No job is open longer: a day, and some hours for storage that was away. Older ones are met when their retention ends. */
const longestOpenMs = 30 * 3_600_000;
/** Tries to write a recounted budget between the writes of a busy team; the next hour tries again. */
const recountTries = 3;

/**
 * Looks for what was deleted by hand and nobody comes upon by itself: jobs on record as open that have no live row, then holds of jobs
 * that are no more. One listing of the last day's open jobs and one of the live rows, once an hour, a page at each step.
 */
export async function* mendTeam(ports: Ports, team: string, tally: MendTally): Walk {
  const sinceMs = ports.clock.now() - longestOpenMs;
  const live = new Set<string>();
  let after: string | null = null;
  do {
    const page: LivePage = await ports.live.listLive(team, after);
    for (const { value } of page.items) live.add(value.id);
    after = page.next;
    if (after !== null) yield;
  } while (after !== null);
  do {
    const page: Awaited<ReturnType<typeof ports.repairs.listOpen>> = await ports.repairs.listOpen(team, sinceMs, after);
    for (const id of page.items) {
      if (ports.drain.isDraining) return;
      if (!live.has(id) && (await mendJob(ports, team, id)) === 'mended') tally.mendedJobs += 1;
    }
    after = page.next;
    if (after !== null) yield;
  } while (after !== null);
  const zone = findTeam(ports.config.current(), team)?.budget?.timeZone ?? 'Etc/UTC';
  const periods = new Set([budgetPeriodAt(ports.clock.now(), zone), budgetPeriodAt(sinceMs, zone)]);
  for (const period of periods) if (await recountHolds(ports, team, period)) tally.recountedBudgets += 1;
}

/** Corrects what the budget row says is held; true when it had to be. Whoever moves money meanwhile changes the row and goes first. */
async function recountHolds(ports: Ports, team: string, period: string): Promise<boolean> {
  for (let tries = 0; tries < recountTries; tries += 1) {
    const found = await ports.repairs.findBudget(team, period);
    // One that cannot be read is counted anew by whoever writes it next.
    if (found.kind !== 'read') return false;
    const heldNanoUsd = (await countHeld(ports, team)).get(period) ?? 0;
    if (heldNanoUsd === found.value.heldNanoUsd) return false;
    const budget = { ...found.value, heldNanoUsd };
    const written = await ports.jobs.apply(team, [], { budget, version: found.version });
    if (written.outcome === 'rejected') continue;
    ports.telemetry.track({
      type: 'notice',
      atMs: ports.clock.now(),
      level: 'error',
      name: 'holds_recounted',
      message: 'A budget row held money of no live job; it was corrected.',
      fields: { team, period, heldNanoUsd, wasNanoUsd: found.value.heldNanoUsd },
    });
    return true;
  }
  return false;
}
