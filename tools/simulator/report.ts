import type { AdmissionHeadroom, AdmissionLimits } from './admission.ts';
import type { Peaks } from './peak-windows.ts';
import type { HintForm } from './refusal.ts';

/** What was refused with a 429, by the limit that refused; `scripted` are 429s that a fault asked for. */
export type RefusedFigures = {
  tokens: number;
  requests: number;
  utilisation: number;
  capacity: number;
  scripted: number;
};

/** What the service would put on the bill: every 200, content-filter and input-limit 400, 408 and aborted call. */
export type BilledFigures = {
  calls: number;
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  reasoningTokens: number;
  /** Billed calls whose usage never reached the caller: 400, 408, aborted, cut off. */
  unseenCalls: number;
};

/** The figures of one deployment, one region or everything. `received` = `admitted` + refused + rejected + failed unadmitted. */
export type SimulatorFigures = {
  received: number;
  admitted: number;
  succeeded: number;
  refused: RefusedFigures;
  rejected: { badRequest: number; unauthorized: number; notFound: number };
  filtered: number;
  failed: number;
  timedOut: number;
  /** The caller left. */
  aborted: number;
  /** Admitted, and a fault spoilt the answer on its way. */
  broken: number;
  byStatus: { [status: string]: number };
  faultsPlayed: { [kind: string]: number };
  billed: BilledFigures;
  /** Tokens charged at admission, never given back on Standard SKUs. */
  chargedTokens: number;
  inFlight: number;
  maxInFlight: number;
  /** The most that was charged (`charged`) or asked for, refused or not (`received`), in any window of that length. */
  peaks: { charged: Peaks; received: Peaks };
};

/** One deployment's figures with its limits; `overLimit` counts arrivals by which the callers had asked for more than a limit. */
export type DeploymentReport = SimulatorFigures & {
  region: string;
  deployment: string;
  model: string;
  limits: AdmissionLimits;
  hints: HintForm;
  headroom: AdmissionHeadroom;
  overLimit: { tokensIn60Seconds: number; requestsInSlice: number };
  /** Quota taken through `POST /_sim/load`. */
  otherLoad: { tokens: number; requests: number };
};

/** What `GET /_sim/report` answers. */
export type SimulatorReport = {
  seed: number;
  timeScale: number;
  startedAt: string;
  /** Simulated milliseconds since the start or the last reset. */
  elapsedMs: number;
  total: SimulatorFigures;
  regions: (SimulatorFigures & { region: string; deployments: DeploymentReport[] })[];
};

/** How a request ended. */
export type RequestOutcome =
  | 'succeeded'
  | 'refused'
  | 'rejected'
  | 'filtered'
  | 'failed'
  | 'timed-out'
  | 'aborted'
  | 'broken';

/** One line of `GET /_sim/requests`; never any content. */
export type RequestRecord = {
  number: number;
  receivedAt: string;
  /** Simulated milliseconds since the epoch. */
  receivedAtMs: number;
  durationMs: number;
  region: string;
  deployment: string;
  api: string;
  stream: boolean;
  /** Null when no status line was sent. */
  status: number | null;
  outcome: RequestOutcome;
  refusal: string | null;
  fault: string | null;
  estimatedTokens: number;
  chargedTokens: number;
  billed: boolean;
  usage: { promptTokens: number; cachedTokens: number; completionTokens: number; reasoningTokens: number } | null;
  /** Whether the caller could read the usage. */
  isUsageSeen: boolean;
  clientRequestId: string | null;
  traceparent: string | null;
  job: string | null;
  attempt: string | null;
  idempotencyKey: string | null;
};
