import { alwaysHealthy, type HealthPolicy } from '../../src/core/capacity/deployment-health.ts';
import type { Lane } from '../../src/core/jobs/job.ts';
import type { AdmissionLimits } from '../../tools/simulator/admission.ts';
import type { Draws } from './seeded.ts';
import type { Hints } from './simulated-service.ts';

/** What a job asks for: characters of the prompt, its output cap, and what it will use of it. */
export interface JobSize {
  readonly promptCharacters: number;
  readonly outputCap: number;
  readonly outputTokens: number;
}

/** Jobs that come in: `standing` at the start, `perSecond` as a Poisson stream from `fromS` to `untilS`, `bursts` at once. */
export interface JobStream {
  readonly lane: Lane;
  readonly team: string;
  readonly standing?: number;
  readonly perSecond?: number;
  readonly fromS?: number;
  readonly untilS?: number;
  readonly bursts?: readonly { readonly atS: number; readonly count: number }[];
  readonly size?: (draws: Draws) => JobSize;
}

export interface TeamSetting {
  readonly share?: number;
  readonly tokensPerMinute?: number;
  readonly requestsPerMinute?: number;
}

/** Something that happens to the workers, the jobs or the deployments while a scenario runs. */
export type Incident =
  | { readonly atS: number; readonly kind: 'start-workers'; readonly count: number }
  | { readonly atS: number; readonly kind: 'stop-workers'; readonly count: number }
  | { readonly atS: number; readonly kind: 'kill-workers'; readonly count: number }
  | { readonly atS: number; readonly kind: 'cancel-next'; readonly lane: Lane; readonly count: number }
  | { readonly atS: number; readonly kind: 'foreign'; readonly untilS: number; readonly tokensPerSecond: number }
  /** Other limits at the service and in Weir's configuration, from this moment on. */
  | { readonly atS: number; readonly kind: 'limits'; readonly over: Partial<AdmissionLimits> }
  | { readonly atS: number; readonly kind: 'team-limits'; readonly team: string; readonly over: TeamSetting }
  /** The clocks of so many workers jump. */
  | { readonly atS: number; readonly kind: 'clocks-jump'; readonly count: number; readonly byMs: number }
  | { readonly atS: number; readonly kind: 'damage-row'; readonly key: string };

/** A named run with everything that decides how it goes: the same scenario gives the same figures. */
export interface Scenario {
  readonly name: string;
  readonly seed: number;
  readonly seconds: number;
  /** Figures are taken from here to `measureUntilS`, or to the end. */
  readonly warmUpS: number;
  readonly measureUntilS: number | null;
  readonly workers: number;
  readonly slots: number;
  /** Clocks differ from true time by up to this much. */
  readonly skewMs: number;
  /** By how much single machines' clocks are wrong beside that, by worker; 0 for those beyond the list. */
  readonly wrongClocksMs: readonly number[];
  readonly roundTripMs: number;
  readonly hints: Hints;
  readonly deployments: readonly AdmissionLimits[];
  readonly teams: Readonly<Record<string, TeamSetting>>;
  readonly streams: readonly JobStream[];
  readonly incidents: readonly Incident[];
  /** What is made of calls that fail: nothing, unless other applications' load makes the service refuse. */
  readonly health: HealthPolicy;
  /** The service's charge ÷ the documented formula. */
  readonly serviceFactor: number;
  /** It ends as soon as every job has ended. */
  readonly isFinite: boolean;
}

/** Three deployments of 100 K TPM and 600 RPM. */
export function threeRegions(over: Partial<AdmissionLimits> = {}): AdmissionLimits[] {
  const limits: AdmissionLimits = {
    tokensPerMinute: 100_000,
    requestsPerMinute: 600,
    requestWindowSeconds: 10,
    window: 'sliding',
    sku: 'GlobalStandard',
    ...over,
  };
  return [limits, limits, limits];
}

/** The reference's job: a lognormal prompt of about 445 tokens, a cap of 500, 50–400 tokens used. */
export function referenceSize(draws: Draws): JobSize {
  return {
    promptCharacters: Math.round(4 * Math.min(8000, Math.max(20, draws.lognormal(445, 0.48)))),
    outputCap: 500,
    outputTokens: Math.round(draws.uniform(50, 400)),
  };
}

/** Fills in what most scenarios share. */
export function scenario(name: string, over: Partial<Scenario>): Scenario {
  return {
    name,
    seed: 20261123,
    seconds: 360,
    warmUpS: 60,
    measureUntilS: null,
    workers: 8,
    slots: 48,
    skewMs: 250,
    wrongClocksMs: [],
    roundTripMs: 12,
    hints: 'good',
    deployments: threeRegions(),
    teams: {},
    streams: [],
    incidents: [],
    health: alwaysHealthy,
    serviceFactor: 1,
    isFinite: false,
    ...over,
  };
}
