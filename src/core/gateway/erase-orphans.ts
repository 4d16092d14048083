import type { Ports } from './ports.ts';

const hourMs = 3_600_000;

/** A day is the longest that a job takes, and storage may still apply a write some seconds late: after this nothing can name a blob any more. */
const safeAgeMs = 26 * hourMs;
/** The timer runs once an hour; each age is looked at in three runs, so that one that is missed leaves nothing behind. */
const spanMs = 3 * hourMs;

/**
 * Erases content whose job has no rows: a write that storage applied after its caller had given up, or what a deletion by hand left.
 * Looks at the jobs of three hours a day ago, and again when their retention is over; tells for how many jobs something was erased.
 */
export async function eraseOrphans(ports: Ports, team: string): Promise<number> {
  const now = ports.clock.now();
  const { contentHours } = ports.config.current().retention;
  // In between a removed job's content may only have been restored by hand.
  const agesMs = new Set([safeAgeMs, Math.max(safeAgeMs, contentHours * hourMs + safeAgeMs)]);
  let erased = 0;
  for (const ageMs of agesMs) {
    const span = { fromMs: now - ageMs - spanMs, toMs: now - ageMs };
    for (const id of await ports.contents.listJobs(team, span)) {
      if (ports.drain.isDraining) return erased;
      if (await hasRow(ports, team, id)) continue;
      await ports.contents.erase(team, id);
      erased += 1;
    }
  }
  return erased;
}

/** A row that cannot be read is a row: what it names is not known. */
async function hasRow(ports: Ports, team: string, id: string): Promise<boolean> {
  const live = await ports.repairs.findLive(team, id);
  const job = await ports.repairs.findJob(team, id);
  return live.kind !== 'absent' || job.kind !== 'absent';
}
