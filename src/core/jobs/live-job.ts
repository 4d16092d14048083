import type { Ticket } from '../capacity/ticket.ts';
import type { UsageCost } from '../cost/usage-cost.ts';
import type { Usage } from '../tokens/usage.ts';
import type { Attempt } from './attempt.ts';
import type { JobResponse, Lane } from './job.ts';
import type { TrailEvent } from './trail.ts';

/** The right to work on a job: whoever holds it renews it; past `untilMs` anyone may take over. */
export interface Lease {
  readonly holder: string;
  readonly untilMs: number;
}

/** Written before an upstream call: what it would have cost if its worker dies and nobody learns the outcome. */
export interface Intent {
  readonly deployment: string;
  readonly region: string;
  /** The team's fallback model; absent when the call is to the model that was asked for. */
  readonly model?: string;
  readonly startedAtMs: number;
  /** The estimate as usage: what is booked when the outcome stays unknown. */
  readonly usage: Usage;
  readonly costNanoUsd: number;
  readonly priceId: string | null;
}

/** A job that is run a second time with a larger output cap; `answer` stands if that run fails. */
export interface Rerun {
  readonly reason: 'cap';
  readonly answer: JobResponse;
}

/** Tokens and money of finished attempts. */
export interface Billed {
  readonly usage: Usage;
  readonly cost: UsageCost;
}

/**
 * All that changes while a job is not terminal (row `live|job`). The commit deletes it by version.
 *
 * - `queued`: waits for its turn; `dueAtMs` says when it should be looked at next; no lease.
 * - `running`: claimed under `attempt`; `lease` and `intent` are set.
 */
export interface LiveJob {
  readonly team: string;
  readonly id: string;
  readonly lane: Lane;
  readonly model: string;
  readonly createdAtMs: number;
  readonly deadlineAtMs: number;
  readonly state: 'queued' | 'running';
  /** Number of the newest claim; 0 before the first. */
  readonly attempt: number;
  readonly lease: Lease | null;
  readonly intent: Intent | null;
  readonly dueAtMs: number;
  /** Re-sends by the sweep since the job last moved: each doubles the next wait. */
  readonly resends: number;
  readonly ticket: Ticket | null;
  readonly cancelRequested: boolean;
  /** The job was deleted while it ran: its content goes when it ends. */
  readonly eraseRequested: boolean;
  /** Times a worker was lost over this job; at 3 it fails `worker_lost`. */
  readonly rescues: number;
  /** Rounds of attempts that ended retryably: exponent of the next round's back-off. */
  readonly rounds: number;
  readonly attempts: readonly Attempt[];
  /** Sums over the attempts whose usage rows are already written. */
  readonly billed: Billed;
  /** Set once the first answer was cut short by Weir's own cap; absent in rows of before. */
  readonly rerun?: Rerun | null;
  readonly trail: readonly TrailEvent[];
  /** Copy of the job's own hold: it goes back even if the job's row is lost. Absent in rows of before. */
  readonly hold?: { readonly nanoUsd: number; readonly period: string };
}
