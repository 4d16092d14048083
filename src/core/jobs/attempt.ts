/** How one upstream call ended. `unknown` = it may have been processed and billed, nobody can tell. */
export type AttemptOutcome = 'succeeded' | 'throttled' | 'failed' | 'refused' | 'aborted' | 'unknown';

/** One upstream call made for a job. */
export interface Attempt {
  /** 1-based; also the fence: a result commits only under the attempt that claimed. */
  readonly number: number;
  readonly deployment: string;
  readonly region: string;
  /** The team's fallback model, which this call went to; absent when it went to the model that was asked for. */
  readonly model?: string;
  /** HTTP status of the answer; null when none came. */
  readonly statusCode: number | null;
  readonly startedAtMs: number;
  readonly latencyMs: number;
  readonly outcome: AttemptOutcome;
  /** Machine-readable cause, e.g. `throttled_tokens`, `connection_reset`; null when it succeeded. */
  readonly reason: string | null;
}
