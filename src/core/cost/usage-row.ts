import type { AttemptOutcome } from '../jobs/attempt.ts';
import type { Endpoint, Lane } from '../jobs/job.ts';
import type { CapSetter } from '../tokens/output-cap.ts';
import type { Usage } from '../tokens/usage.ts';

/** What a request's answer came from. */
export type CacheState = 'exact' | 'semantic' | 'miss' | 'bypass';

/** One upstream call as the accounts see it: raw usage and what it cost at the price of its day. Written once, never changed. */
export interface UsageRow {
  readonly team: string;
  readonly jobId: string;
  readonly attempt: number;
  readonly atMs: number;
  readonly model: string;
  readonly endpoint: Endpoint;
  readonly deployment: string;
  readonly region: string;
  readonly lane: Lane;
  /** `metadata.project`; null when the caller named none. */
  readonly project: string | null;
  readonly usage: Usage;
  readonly costNanoUsd: number;
  readonly priceId: string | null;
  /** False when tokens or price are an estimate (unknown outcome, answer without usage). */
  readonly measured: boolean;
  readonly cache: CacheState;
  readonly outcome: AttemptOutcome;
  readonly statusCode: number | null;
  /** Code of the failure; null when it succeeded. */
  readonly errorCode: string | null;
  readonly latencyMs: number;
  /** Who capped the answer's length; absent in rows of before and of calls without output. */
  readonly capSetBy?: CapSetter;
  /** Answers asked for at once; absent in rows of before. */
  readonly choices?: number;
}
