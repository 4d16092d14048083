import type { AttemptOutcome } from '../jobs/attempt.ts';
import type { JobError } from '../jobs/job.ts';
import type { Usage } from '../tokens/usage.ts';
import type { ThrottleKind } from './classify-throttle.ts';
import type { RetryHint } from './parse-retry-hint.ts';

/**
 * What is to be done about a call:
 * - `succeeded`: the answer is the job's answer.
 * - `throttled`: a deferral. Uses up neither the round's retries nor the attempts.
 * - `retry-elsewhere`: it failed and certainly was not processed.
 * - `unknown-outcome`: it failed and may have been processed and billed; repeating it may pay twice.
 * - `give-up`: the same request would fail anywhere, or it was we who ended it.
 */
export type Verdict = 'succeeded' | 'throttled' | 'retry-elsewhere' | 'unknown-outcome' | 'give-up';

/** What a call costs: the usage it reported, an estimate of its input or of all of it, or nothing. */
export type Billing =
  | { readonly kind: 'measured'; readonly usage: Usage }
  | { readonly kind: 'estimated'; readonly part: 'input' | 'all' }
  | { readonly kind: 'none' };

/**
 * What a call says about its deployment: `good` and `bad` count as samples, `none` is no evidence, and the last two
 * mark the credential or the configuration instead of the region's health.
 */
export type HealthEffect = 'good' | 'bad' | 'none' | 'credential' | 'configuration';

/** A fact operators must hear of. */
export interface ClassificationNotice {
  readonly level: 'warning' | 'error';
  readonly name: 'credential_rejected' | 'credential_unavailable' | 'deployment_misconfigured' | 'certificate_invalid';
}

/** Everything that follows from one call, decided once. Holds nothing of the request or of the answer's text. */
export interface Classification {
  readonly verdict: Verdict;
  readonly outcome: AttemptOutcome;
  /** Machine-readable cause; null when it succeeded. */
  readonly reason: string | null;
  readonly statusCode: number | null;
  readonly billing: Billing;
  readonly health: HealthEffect;
  /** Kind of a 429; null otherwise. */
  readonly throttle: ThrottleKind | null;
  /** The service's hint how long to stay away; null when it gave none. */
  readonly hint: RetryHint | null;
  /** How long the deployment is to be left alone: the hint, or the default of its 429's kind; null when nothing asks for it. */
  readonly coolDownMs: number | null;
  /** `stop`, `length`, `content_filter`, …; empty when there is none. */
  readonly finishReasons: readonly string[];
  /** What the job fails with if this is its last attempt; null when it succeeded. */
  readonly error: JobError | null;
  readonly notice: ClassificationNotice | null;
  /** The provisioned deployment that spilled this call over to another one, as the service tells; null otherwise. */
  readonly spilloverFrom: string | null;
}
