import type { UsageRow } from '../cost/usage-row.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import type { Versioned } from '../versioned.ts';

/** Where a job stands between two attempts of one worker. */
export interface Round {
  readonly row: Versioned<LiveJob>;
  /** Usage rows of attempts that are on the row in hand but not yet written. */
  readonly unwritten: readonly UsageRow[];
  /** The round's attempts are those with a number above this. */
  readonly roundAfter: number;
  /** Deployments that failed in this round. */
  readonly exclude: readonly string[];
  /** Pause before the next turn is asked for. */
  readonly pauseMs: number;
}

/** A worker's first round on a row: no attempt yet, nothing to write. */
export function openRound(row: Versioned<LiveJob>): Round {
  return { row, unwritten: [], roundAfter: row.value.attempt, exclude: [], pauseMs: 0 };
}
