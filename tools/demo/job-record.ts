import { isTerminal, type JobReading } from './job-reading.ts';
import type { PlannedJob } from './plan-jobs.ts';

/** What the demo knows of one job of its plan. */
export interface JobRecord {
  readonly planned: PlannedJob;
  /** Null until Weir answered 202. */
  id: string | null;
  /** Why Weir refused the job for good; null when it did not. */
  refusal: string | null;
  /** Times it was told to come back later (429). */
  deferrals: number;
  /** A submission was answered with the job of an earlier one: the key did its work. */
  isReplayed: boolean;
  /** The newest state; null before acceptance. */
  reading: JobReading | null;
  /** When it makes sense to look at the job next: its expected start, or the last look if that is later. */
  nextLookAtMs: number;
  /** Accepted, and later unknown to the service. */
  isLost: boolean;
  acceptedAtMs: number | null;
  endedAtMs: number | null;
}

/** A record of a job that has not been sent yet. */
export function startRecord(planned: PlannedJob): JobRecord {
  return {
    planned,
    id: null,
    refusal: null,
    deferrals: 0,
    isReplayed: false,
    reading: null,
    nextLookAtMs: 0,
    isLost: false,
    acceptedAtMs: null,
    endedAtMs: null,
  };
}

/** Whether the job was accepted and nothing is left to wait for. */
export function isSettled(record: JobRecord): boolean {
  return record.isLost || (record.reading !== null && isTerminal(record.reading));
}

/** Takes in what an answer said of the job; `nowMs` is when it came. */
export function noteReading(record: JobRecord, reading: JobReading, nowMs: number): void {
  record.reading = reading;
  record.nextLookAtMs = Math.max(nowMs, (reading.queue?.estimated_start_at ?? 0) * 1000);
}
