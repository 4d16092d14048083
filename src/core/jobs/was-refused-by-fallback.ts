import type { LiveJob } from './live-job.ts';

/** Whether the team's fallback model has refused this job's request: what one model does not take another may, so the job waits for its own. */
export function wasRefusedByFallback({ attempts }: Pick<LiveJob, 'attempts'>): boolean {
  return attempts.some(({ model, outcome }) => model !== undefined && outcome === 'refused');
}
