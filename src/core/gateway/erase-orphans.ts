import { forEachAtOnce } from './at-once.ts';
import type { Ports } from './ports.ts';
import type { Walk } from './walk.ts';

const hourMs = 3_600_000;

/** A day is the longest that a job takes, and storage may still apply a write some seconds late: after this nothing can name a blob any more. */
const safeAgeMs = 26 * hourMs;
/** The timer runs once an hour; each age is looked at in three runs, so that one that is missed leaves nothing behind. */
const spanMs = 3 * hourMs;

const jobsAPage = 100;
const jobsAtOnce = 8;

/**
 * Erases content whose job has no rows: a write that storage applied after its caller had given up, or what a deletion by hand left.
 * Looks at the jobs of three hours a day ago, and again when their retention is over, some of them at each step; counts the jobs of which
 * something was erased.
 */
export async function* eraseOrphans(ports: Ports, team: string, tally: { orphans: number }): Walk {
  const now = ports.clock.now();
  const { contentHours } = ports.config.current().retention;
  // In between a removed job's content may only have been restored by hand.
  const agesMs = new Set([safeAgeMs, Math.max(safeAgeMs, contentHours * hourMs + safeAgeMs)]);
  for (const ageMs of agesMs) {
    const ids = await ports.contents.listJobs(team, { fromMs: now - ageMs - spanMs, toMs: now - ageMs });
    for (let first = 0; first < ids.length; first += jobsAPage) {
      await forEachAtOnce(ids.slice(first, first + jobsAPage), jobsAtOnce, async (id) => {
        if (ports.drain.isDraining || (await hasRow(ports, team, id))) return;
        await ports.contents.erase(team, id);
        tally.orphans += 1;
      });
      yield;
    }
  }
}

/** A row that cannot be read is a row: what it names is not known. */
async function hasRow(ports: Ports, team: string, id: string): Promise<boolean> {
  const live = await ports.repairs.findLive(team, id);
  const job = await ports.repairs.findJob(team, id);
  return live.kind !== 'absent' || job.kind !== 'absent';
}
