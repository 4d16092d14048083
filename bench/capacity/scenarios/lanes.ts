import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atLeast, atMost, type Check } from '../check.ts';
import type { Figures } from '../measure.ts';
import { type JobStream, scenario, threeRegions } from '../scenario.ts';
import { backlog, calls, isFair, isFull, isPrompt, keepsLimits, wait } from './shared.ts';

const poolTokensPerSecond = 5000;

/** The reference's load has one interactive job in five; each is booked at once, by a commit that hardly anything shares. */
function costsLittle(figures: Figures): Check {
  const why = '2.5 on the reference load; here half of the jobs are booked at once, alone in their commit';
  return atMost('ledger operations per job', figures.operationsPerJob, 3, why);
}

/** Small jobs on deployments whose tokens are never used up: `least` is what the spare of the slices leaves of the RPM. */
function requestBound(requestWindowSeconds: 1 | 10, least: number): BenchCase {
  const requestsPerMinute = 120;
  const deployments = threeRegions({ tokensPerMinute: 1_000_000, requestsPerMinute, requestWindowSeconds });
  return inVirtualTime({
    part: 'Speed and cost',
    about: `the same where requests are the limit: three deployments of 1 M TPM and 120 RPM, ${requestWindowSeconds} s slices`,
    seeds: 3,
    scenario: scenario(`mixed-8-rpm-${requestWindowSeconds}s`, {
      teams: { apps: {} },
      deployments,
      streams: [backlog, calls],
    }),
    check: (figures) => [
      atLeast('requests used', (figures.teams['apps']?.requestsPerMinute ?? 0) / (3 * requestsPerMinute), least),
      ...keepsLimits(figures),
      isPrompt(figures),
      atMost('ledger operations per job', figures.operationsPerJob, 2.5),
      atMost('parks per job', figures.parksPerJob, 3),
      isFair(figures, 'bulk'),
    ],
  });
}

/** A backlog finds windows that are hardly used and a pace that nobody asked for: it may not use them up at once. */
function afterQuiet(name: string, what: string, before: JobStream): BenchCase {
  const fromS = 180;
  return inVirtualTime({
    part: 'Speed and cost',
    about: `the same backlog and calls after three minutes in which ${what}`,
    seeds: 3,
    scenario: scenario(name, {
      seconds: 600,
      warmUpS: fromS,
      streams: [before, { ...backlog, standing: 0, fromS, bursts: [{ atS: fromS, count: 1000 }] }, { ...calls, fromS }],
    }),
    check: (figures) => [...isFull(figures), isPrompt(figures), atMost('parks per job', figures.parksPerJob, 3)],
  });
}

/** Lanes beside each other at 8 workers. */
export const lanesTogether: readonly BenchCase[] = [
  requestBound(10, 0.97),
  requestBound(1, 0.92),
  inVirtualTime({
    part: 'Speed and cost',
    about: 'bulk backlog of 1,000 and 6/s, interactive 1/s',
    seeds: 3,
    scenario: scenario('mixed-8', { seconds: 480, streams: [backlog, calls] }),
    check: (figures) => [
      ...isFull(figures),
      isPrompt(figures),
      atMost('ledger operations per job', figures.operationsPerJob, 2.5),
      atMost('parks per job', figures.parksPerJob, 3),
      isFair(figures, 'bulk'),
    ],
  }),
  afterQuiet('mixed-8-after-calls', 'calls alone came', { ...calls, untilS: 180 }),
  afterQuiet('mixed-8-after-nothing', 'nothing came but thirty jobs at their start', {
    lane: 'bulk',
    team: 'apps',
    bursts: [{ atS: 5, count: 30 }],
  }),
  inVirtualTime({
    part: 'Speed and cost',
    about: 'the same with a standard lane between: 1/s of each above the backlog',
    seeds: 3,
    scenario: scenario('mixed-8-three-lanes', {
      seconds: 600,
      streams: [backlog, calls, { lane: 'standard', team: 'apps', perSecond: 1 }],
    }),
    check: (figures) => [
      ...isFull(figures),
      isPrompt(figures),
      costsLittle(figures),
      atMost('parks per job', figures.parksPerJob, 3),
      isFair(figures, 'bulk'),
    ],
  }),
  inVirtualTime({
    part: 'Speed and cost',
    about: 'the same with interactive 2.5/s: half of the pool',
    seeds: 3,
    scenario: scenario('mixed-8-half', { seconds: 480, streams: [backlog, { ...calls, perSecond: 2.5 }] }),
    check: (figures) => [
      ...isFull(figures),
      isPrompt(figures),
      costsLittle(figures),
      atMost('parks per job', figures.parksPerJob, 3),
    ],
  }),
  inVirtualTime({
    part: 'Speed and cost',
    about: 'bulk backlog; 60 interactive jobs at once',
    seeds: 10,
    scenario: scenario('burst-60', {
      seconds: 300,
      streams: [backlog, { lane: 'interactive', team: 'apps', bursts: [{ atS: 150, count: 60 }] }],
    }),
    check: (figures) => [
      atMost(
        'interactive p95 ÷ (their tokens ÷ rate)',
        wait(figures, 'interactive').p95 / ((figures.laneTokens['interactive'] ?? 0) / poolTokensPerSecond),
        1.2,
      ),
      ...keepsLimits(figures),
    ],
  }),
];
