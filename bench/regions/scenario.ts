import type { Draws } from '../capacity/seeded.ts';

/** What is wrong during a phase: with the first region, or with all of them (`all-out`: every call is a 503). */
export type Trouble = 'none' | '503' | 'slow' | 'capacity' | 'black-hole' | 'all-out';

/** A stretch of the run; figures are taken by the phase in which a job was submitted. */
export interface Phase {
  readonly name: string;
  readonly trouble: Trouble;
  readonly seconds: number;
}

export interface RegionScenario {
  readonly name: string;
  readonly seed: number;
  readonly tokensPerMinute: number;
  readonly requestsPerMinute: number;
  readonly processes: number;
  /** Median round trip of a storage call. */
  readonly roundTripMs: number;
  /** Part of the jobs that are interactive, 0–1; the others are standard. */
  readonly interactivePart: number;
  readonly phases: readonly Phase[];
}

export const regionNames = ['eastus', 'westeurope', 'eastasia'] as const;
/** The one that fails. */
export const troubled = regionNames[0];

/** Half of the quota, at the tokens that a job is charged for. */
export const loadPart = 0.5;
export const requestModel = 'gpt-4.1-mini';
export const promptCharacters = 1996;
export const outputCap = 500;
export const chargedTokens = promptCharacters / 4 + 1 + outputCap;

/** The slow region takes this many times longer. */
export const slowFactor = 10;

/** Every trouble for a minute, with a minute to recover in; `quietS` is what the others are compared with. */
function troubles(quietS: number): readonly Phase[] {
  return [
    { name: 'warm-up', trouble: 'none', seconds: 60 },
    { name: 'quiet', trouble: 'none', seconds: quietS },
    { name: '503', trouble: '503', seconds: 60 },
    { name: 'after 503', trouble: 'none', seconds: 60 },
    { name: 'ten times slower', trouble: 'slow', seconds: 60 },
    { name: 'after slow', trouble: 'none', seconds: 60 },
    { name: 'capacity 429s', trouble: 'capacity', seconds: 60 },
    { name: 'after capacity', trouble: 'none', seconds: 60 },
    { name: 'black hole', trouble: 'black-hole', seconds: 60 },
    { name: 'after black hole', trouble: 'none', seconds: 120 },
    { name: 'all out', trouble: 'all-out', seconds: 60 },
    { name: 'after all out', trouble: 'none', seconds: 120 },
  ];
}

/** Without standard work there is nothing but interactive calls and the timer to find a region well again. */
const interactiveTroubles: readonly Phase[] = troubles(120).filter(
  ({ name }) => !name.includes('slow') && !name.includes('capacity'),
);

/** Three regions of 100,000 TPM under 2.5 jobs a second on 4 processes. */
export const smallScenario: RegionScenario = {
  name: 'three regions of 100,000 TPM',
  seed: 1,
  tokensPerMinute: 100_000,
  requestsPerMinute: 600,
  processes: 4,
  roundTripMs: 10,
  interactivePart: 0.2,
  phases: troubles(300),
};

/** The same under interactive jobs alone. */
export const interactiveScenario: RegionScenario = {
  ...smallScenario,
  name: 'interactive jobs alone',
  seed: 3,
  interactivePart: 1,
  phases: interactiveTroubles,
};

/** Three regions of half a million TPM under 12.5 jobs a second on 8 processes. */
export const largeScenario: RegionScenario = {
  name: 'three regions of 500,000 TPM',
  seed: 2,
  tokensPerMinute: 500_000,
  requestsPerMinute: 3000,
  processes: 8,
  roundTripMs: 10,
  interactivePart: 0.2,
  phases: troubles(120),
};

/** Jobs a second that are half of the quota of all regions. */
export function jobsPerSecond(scenario: RegionScenario): number {
  return (scenario.tokensPerMinute * regionNames.length * loadPart) / 60 / chargedTokens;
}

/** An answer's length, and how long a healthy region takes for it. */
export interface AnswerSize {
  readonly outputTokens: number;
  readonly firstByteMs: number;
  readonly latencyMs: number;
}

export function drawAnswer(draws: Draws, cap: number): AnswerSize {
  const outputTokens = Math.min(cap, Math.max(5, Math.min(outputCap, Math.round(draws.lognormal(90, 0.5)))));
  const firstByteMs = draws.lognormal(350, 0.25);
  return { outputTokens, firstByteMs, latencyMs: firstByteMs + outputTokens * draws.lognormal(12, 0.15) };
}
