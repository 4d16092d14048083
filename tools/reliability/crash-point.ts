/** Where a worker can be killed, in the order in which a job passes them. */
export const crashPoints = [
  'afterBooking',
  'afterClaim',
  'afterCall',
  'afterBlob',
  'afterCommit',
  'beforeDelete',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

/** A moment in a worker's life at which it may be killed. */
export interface CrashMoment {
  readonly point: CrashPoint;
  readonly job: string;
  /** Attempt that the moment belongs to; null where it belongs to the job alone. */
  readonly attempt: number | null;
}

/** When a worker shall kill itself: at the `nth` moment of this kind. */
export interface CrashPlan {
  readonly point: CrashPoint;
  readonly nth: number;
  /** Counts only what is sent with this text in it; for `afterCall`, whose request holds the prompt. */
  readonly text?: string;
  /** File to which the moment is appended, as one line of JSON, before the kill. */
  readonly log: string;
}

/** A line of that file. */
export interface CrashRecord extends CrashMoment {
  readonly processId: number;
  readonly atMs: number;
}
