import { atLeast, atMost, type Check } from '../check.ts';
import type { Figures } from '../measure.ts';
import type { Waits } from '../measure-waits.ts';
import type { JobStream } from '../scenario.ts';
import { whole } from '../simulated-service.ts';

/** A standing backlog of a thousand bulk jobs, and more of them than the pool can take. */
export const backlog: JobStream = { lane: 'bulk', team: 'apps', standing: 1000, perSecond: 6 };
/** Calls that wait for their answer: a fifth of the pool. */
export const calls: JobStream = { lane: 'interactive', team: 'apps', perSecond: 1 };

/** So many jobs at a time per worker that concurrency is not the limit. */
export const slotsOf = (workers: number): number => (workers < 8 ? 400 : 48);

/** Nothing over a limit, hardly a 429. */
export function keepsLimits(figures: Figures): Check[] {
  return [
    atMost('most in any 60 s ÷ limit', figures.peakShare, whole),
    atMost('sends over a limit', figures.overLimit, 0),
    atMost('429s per job', figures.throttledPerJob, 0.01),
  ];
}

/** All of the quota, none of the 429s, nothing lost. */
export function isFull(figures: Figures, least = 0.97): Check[] {
  return [
    atLeast('utilisation', figures.utilisation, least),
    ...keepsLimits(figures),
    atMost('poisoned or lost', figures.lost, 0),
  ];
}

/** Everything that was submitted was sent. */
export function isAllSent(figures: Figures): Check {
  return atMost('jobs not sent', figures.submitted - figures.done, 0);
}

const nobody: Waits = { jobs: 0, p50: Number.NaN, p95: Number.NaN, p99: Number.NaN, most: Number.NaN };

/** The waits of a lane, or `lane/team`; NaN where nobody waited. */
export function wait(figures: Figures, key: string): Waits {
  return figures.waits[key] ?? nobody;
}

/** Fairness within a lane that waits. */
export function isFair(figures: Figures, lane: JobStream['lane']): Check {
  return isFairTo(figures, lane);
}

/** The same of one team of several: `lane/team`. */
export function isFairTo(figures: Figures, key: string): Check {
  return atMost(`${key}: worst p99 ÷ p50 of 30 s`, figures.unfairness[key] ?? Number.NaN, 1.2);
}

/** Interactive work does not stand behind a backlog. */
export function isPrompt(figures: Figures): Check {
  return atMost('interactive p95 wait in s', wait(figures, 'interactive').p95, 4);
}
