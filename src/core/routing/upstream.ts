import type { DeploymentConfig } from '../config/config-schema.ts';
import type { Endpoint } from '../jobs/job.ts';

/** One upstream call: Weir's own headers only, nothing of the client's is forwarded. */
export interface UpstreamRequest {
  readonly deployment: DeploymentConfig;
  readonly endpoint: Endpoint;
  /** Body as it goes upstream; `model` is replaced by the deployment's name on the wire. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly jobId: string;
  readonly attempt: number;
  readonly traceparent: string;
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly totalMs: number;
}

/** Why no usable answer came. `sent` tells whether the service may have processed (and billed) the request. */
export type UpstreamFault =
  | 'dns'
  | 'connect'
  | 'certificate'
  | 'connect_timeout'
  | 'first_byte_timeout'
  | 'total_timeout'
  | 'reset'
  | 'truncated'
  | 'too_large'
  | 'not_json'
  | 'credential'
  | 'aborted';

/** What came back, before anyone judges it. Header names are lower-case. */
export type UpstreamOutcome =
  | {
      readonly kind: 'answered';
      readonly statusCode: number;
      readonly headers: Readonly<Record<string, string>>;
      readonly requestId: string | null;
      /** Parsed JSON; for errors the whole body (`{ error: … }`). */
      readonly body: unknown;
      /** JSON text as it came. */
      readonly text: string;
      /** Categories for which the content filter cut the answer or refused the prompt, e.g. `violence`; absent when it did neither. */
      readonly filteredCategories?: readonly string[];
      readonly firstByteMs: number;
      readonly latencyMs: number;
    }
  | {
      readonly kind: 'unanswered';
      readonly fault: UpstreamFault;
      readonly sent: boolean;
      /** Status line, when one came before the fault. */
      readonly statusCode: number | null;
      readonly latencyMs: number;
    };

/** Port: makes exactly one call, without retries, and never throws for what the network or the service does. */
export interface Upstream {
  /**
   * Gets ready what a call of this deployment needs in this process: the client, and its key or a token. Resolves with whether it
   * is there; costs nothing once it is, and little for some seconds after it failed. Ends at the latest after 10 s.
   */
  prepare(deployment: DeploymentConfig): Promise<boolean>;
  call(request: UpstreamRequest, signal: AbortSignal): Promise<UpstreamOutcome>;
}
