import type { Ticket } from '../../src/core/capacity/ticket.ts';
import type { Lane } from '../../src/core/jobs/job.ts';
import type { JobSize } from './scenario.ts';

/** One job of a run and what became of it, in true time. */
export interface SimulatedJob {
  readonly id: string;
  readonly team: string;
  readonly lane: Lane;
  readonly size: JobSize;
  readonly submittedMs: number;
  ticket: Ticket | null;
  /** When its message becomes visible; infinite while a worker has it. */
  dueMs: number;
  wakes: number;
  parks: number;
  throttled: number;
  /** When the call that was admitted was sent; null until then. */
  sentMs: number | null;
  isDone: boolean;
  isCancelled: boolean;
  /** Told that it is larger than a whole limit. */
  isRefused: boolean;
  /** The worker that has it; null while it waits. */
  worker: number | null;
}

/** What the service charges for it, by the documented formula. */
export function chargeOf(size: JobSize): number {
  return Math.ceil(size.promptCharacters / 4) + 1 + size.outputCap;
}
