/** Seconds between two sweeps at most: with the lease of 45 s and 5 s more a dead worker's job goes on within 90 s. */
export const mostSweepSeconds = 30;
/** Seconds between two looks at deployments that are out, at most: one that swallows calls is tested by nobody else meanwhile. */
export const mostProbeSeconds = 60;

const termPattern = /^(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:\/(\d{1,2}))?$/;

/**
 * The longest pause in seconds, 1 to 60, between two runs of a six-field NCRONTAB schedule that fires in every minute; null for every other
 * text. The host refuses what it cannot read by leaving the function out, and everything else would run on without anybody noticing.
 */
export function widestGapSeconds(schedule: string): number | null {
  // The host parts fields by spaces alone: a tab or the end of a line is part of a field, which it then cannot read.
  const [seconds = '', ...others] = schedule.split(' ').filter((field) => field !== '');
  if (others.length !== 5 || others.some((field) => field !== '*')) return null;
  const fired = seconds.split(',').map(readTerm);
  if (fired.some((term) => term === null)) return null;
  const at = [...new Set(fired.flatMap((term) => term ?? []))].sort((left, right) => left - right);
  return Math.max(...at.map((second, index) => (at[index + 1] ?? (at[0] ?? 0) + 60) - second));
}

/** Whether a text is such a schedule and never pauses for longer than `mostSeconds`. */
export function isScheduleWithin(mostSeconds: number): (schedule: string) => boolean {
  return (schedule) => {
    const gap = widestGapSeconds(schedule);
    return gap !== null && gap <= mostSeconds;
  };
}

/** The seconds that one term of the first field stands for: a star, a number or a range, each with a step if need be. */
function readTerm(term: string): readonly number[] | null {
  const match = termPattern.exec(term);
  if (match === null) return null;
  const [, from, to, step] = match;
  // A number with a step is read by some cron libraries only.
  if (from !== undefined && to === undefined && step !== undefined) return null;
  const first = Number(from ?? 0);
  const last = from === undefined ? 59 : Number(to ?? from);
  const every = Number(step ?? 1);
  if (first > last || last > 59 || every < 1) return null;
  return Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, index) => first + index * every);
}
