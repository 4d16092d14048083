import type { AttemptOutcome } from '../jobs/attempt.ts';
import type { Endpoint, Lane } from '../jobs/job.ts';
import type { HealthEffect } from '../retry/classification.ts';
import type { ThrottleKind } from '../retry/classify-throttle.ts';
import type { Estimate } from '../tokens/estimate.ts';
import type { Usage } from '../tokens/usage.ts';
import type { Ticket } from './ticket.ts';
import type { RingCharge } from './token-ring.ts';

/** What a job needs in order to be sent. */
export interface BookingRequest {
  readonly jobId: string;
  readonly team: string;
  readonly model: string;
  readonly lane: Lane;
  readonly estimate: Estimate;
  /** The job's place in line from an earlier wake; null at its first. */
  readonly ticket: Ticket | null;
  readonly deadlineAtMs: number;
  /** Deployments that already failed in this round of attempts: others are preferred, and taken if any is open. */
  readonly exclude: readonly string[];
  /** This deployment and no other: it is to be tried. */
  readonly only?: string;
  /** False: this job has paid for enough tests of sick deployments; it goes where calls are admitted freely. */
  readonly mayProbe?: boolean;
  /** What this process's claims take at present, or what a test of a deployment takes to be accepted: a booking leaves so much time before the send. */
  readonly claimMs?: number;
  /** Interactive work and failovers are decided at once instead of with the next batch. */
  readonly urgent: boolean;
}

/** No send is later than this past its booked time: it would fall into another window of the limiter. */
export const mostSendDelayMs = 250;

/** No booking is handed out further ahead of its send time; what is further off is held in the row. */
export const farthestBookingMs = 5000;

/** A send time on a deployment, taken under its limits. */
export interface Booking {
  readonly id: string;
  readonly model: string;
  readonly team: string;
  readonly lane: Lane;
  readonly deployment: string;
  readonly sendAtMs: number;
  /** The same moment in the shared row's own time, under which it is entered there. */
  readonly enteredAtMs: number;
  /** A send later than this past its booked time might pass a limit: release it and book anew. */
  readonly mostDelayMs: number;
  /** Tokens charged to the ring: the service's admission estimate. */
  readonly tokens: number;
  /** Why this deployment was chosen, for the trail. */
  readonly why: string;
}

/** Why a job waits: its turn, a deployment's or the team's own limit, health, or a switch. */
export type WaitReason = 'line' | 'tpm' | 'rpm' | 'team_tpm' | 'team_rpm' | 'breaker' | 'paused' | 'contention';

/** Larger than a whole minute's limit: the team's own, or that of every deployment which its lane may use. */
export interface TooLarge {
  readonly limitTokens: number;
  readonly limitOf: 'team' | 'deployment';
  readonly neededTokens: number;
}

export type BookingResult =
  | { readonly outcome: 'booked'; readonly booking: Booking; readonly ticket: Ticket | null }
  | { readonly outcome: 'wait'; readonly untilMs: number; readonly ticket: Ticket | null; readonly reason: WaitReason }
  /** Waiting would not help. */
  | ({ readonly outcome: 'never' } & TooLarge);

/** What a call taught: rides on the next commit of the pool's row; only a breaker's transition commits at once. */
export interface CallReport {
  readonly booking: Booking;
  readonly jobId: string;
  readonly endpoint: Endpoint;
  readonly sentAtMs: number;
  readonly outcome: AttemptOutcome;
  /** True for a call that was made to learn how its deployment is: everybody should know its answer at once. */
  readonly isTest?: boolean;
  /** True when the call never left: nothing was charged, and its booking is given back. */
  readonly isUnsent?: boolean;
  readonly reason: string | null;
  readonly statusCode: number | null;
  /** What the call says about its deployment's health. */
  readonly health: HealthEffect;
  /** Kind of a 429; null otherwise. */
  readonly throttle: ThrottleKind | null;
  /** How long the deployment is to be left alone: the hint, or the default of its 429's kind; null when nothing asks for it. */
  readonly coolDownMs: number | null;
  /** `x-ratelimit-limit-tokens` as a number: what the service grants per minute; null when missing, ≤ 0 or −1. */
  readonly limitTokens: number | null;
  /** `x-ratelimit-remaining-tokens` as a number; null when missing, ≤ 0 or −1. */
  readonly remainingTokens: number | null;
  readonly firstByteMs: number | null;
  readonly latencyMs: number;
  readonly usage: Usage;
}

/** An honest wait. `position` is 1 for the next to go. */
export interface LineForecast {
  readonly position: number;
  /** Null when nobody can tell: a limit of 0 or a pause keeps the job waiting until somebody turns it on. */
  readonly startAtMs: number | null;
  /** From one job of the lane to the next, as fast as it is served now. */
  readonly msPerJob?: number;
  /** Processes that booked here lately: each tells callers of the same places. */
  readonly processes?: number;
}

/** A pool's lane as one job sees it: those that wait, of whom the line does not know all. */
export interface LaneCensus {
  /** When they were counted: who was sent since is still among them. */
  readonly countedAtMs: number;
  /** Jobs that waited then, in line or not, and those let in since. */
  readonly waiting: number;
  /** Teams of those that had no ticket and come before the job, first come, first. */
  readonly before: readonly string[];
  /** How many without a ticket come with the job and behind it. */
  readonly behind: number;
}

/** One lane of a pool as operators see it. */
export interface LaneView {
  readonly lane: Lane;
  /** Tokens of the jobs in line, as the service will charge them. */
  readonly tokensWaiting: number;
  readonly tokensLastMinute: number;
  readonly requestsLastMinute: number;
}

/** One deployment as operators see it. */
export interface DeploymentView {
  readonly deployment: string;
  readonly region: string;
  readonly health: 'healthy' | 'cooling' | 'ejected' | 'probing' | 'paused';
  readonly breaker: 'closed' | 'open' | 'half-open';
  readonly breakerReason: string | null;
  readonly breakerSinceMs: number | null;
  readonly nextProbeAtMs: number | null;
  /** Booked share of the fullest minute that a call now would be part of, 0–1. */
  readonly load: number;
  readonly tokensLastMinute: number;
  readonly requestsLastMinute: number;
  /** What a call now could have: the limit less that fullest minute, which may be one that is still to come. */
  readonly tokensRemaining: number;
  readonly requestsRemaining: number;
  readonly tokensPerMinute: number;
  readonly requestsPerMinute: number;
  readonly firstByteMs: number | null;
  readonly msPerOutputToken: number | null;
  /** When the newest call that anybody has an answer to had been sent; 0 none. */
  readonly heardMs: number;
  /** The service's charge ÷ Weir's estimate, as learnt; 1 until something was. */
  readonly calibration: number;
  /** 429s about quota that came although the bookings fitted, since the row began. */
  readonly driftCount: number;
  readonly failoversFrom: number;
  readonly failoversTo: number;
}

/**
 * Port: who may send what, where and when. One instance per process serves every pool.
 * Never throws for quota; throws StorageUnavailableError when the shared row cannot be reached.
 */
export interface Capacity {
  book(request: BookingRequest): Promise<BookingResult>;
  /** Gives back a booking that was not sent. */
  release(booking: Booking): void;
  report(report: CallReport): void;
  /** Takes a job out of its line: it was cancelled, expired or given up while it waited. Nobody then waits for its turn to pass. */
  leave(
    place: Pick<BookingRequest, 'jobId' | 'team' | 'model' | 'lane' | 'estimate'> & { readonly ticket: Ticket },
  ): void;
  /** Position and start of a job that holds `ticket`, or of one that would join now (null); null when it can never run. */
  forecast(
    request: Pick<BookingRequest, 'team' | 'model' | 'lane' | 'estimate' | 'ticket' | 'jobId'> & {
      readonly createdAtMs: number;
      /** Who else may have no ticket yet; for a job without one. Absent: nobody. */
      readonly census?: LaneCensus;
    },
  ): Promise<LineForecast | null>;
  view(model: string): Promise<readonly DeploymentView[]>;
  lanes(model: string): Promise<readonly LaneView[]>;
  /** What counts of a team's own limit on a pool now; nothing for a team without one. */
  usedBy(team: string, model: string): Promise<RingCharge>;
}
