import type { Lane } from '../../../src/core/jobs/job.ts';
import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atLeast, atMost } from '../check.ts';
import { type JobStream, scenario } from '../scenario.ts';
import { isFull, keepsLimits, wait } from './shared.ts';

/** What the big team asks for: more than the pool can take. */
const perSecond = 6;

/** A big and a small team in each lane, and the big one alone. */
export const teams: readonly BenchCase[] = (['bulk', 'standard', 'interactive'] as const).flatMap((lane) => [
  besideEachOther(lane),
  aloneInLane(lane),
]);

function big(lane: Lane): JobStream {
  return { lane, team: 'big', standing: lane === 'interactive' ? 0 : 1000, perSecond };
}

function besideEachOther(lane: Lane): BenchCase {
  const small: JobStream = { lane, team: 'small', perSecond: perSecond / 100 };
  const common = { seconds: 660, teams: { big: {}, small: {} } };
  return inVirtualTime({
    part: 'Show',
    about: `two teams 100:1 in lane ${lane}, the big one with more than the pool can take; the small one alone beside it`,
    seeds: 3,
    // The small team's stream comes first in both, so that its jobs are the same.
    scenario: scenario(`teams-${lane}`, { ...common, streams: [small, big(lane)] }),
    beside: scenario(`teams-${lane}-small-alone`, { ...common, streams: [small] }),
    check: (figures, alone) => [
      atMost('small: p95 wait grows by s', wait(figures, `${lane}/small`).p95 - wait(alone, lane).p95, 2),
      ...isFull(figures),
    ],
  });
}

function aloneInLane(lane: Lane): BenchCase {
  return inVirtualTime({
    part: 'Show',
    about: `the big team alone in lane ${lane} gets everything`,
    scenario: scenario(`teams-${lane}-big-alone`, {
      teams: { big: {}, small: {} },
      streams: [big(lane)],
    }),
    check: (figures) => isFull(figures),
  });
}

/** Limits of teams on shared deployments, across 8 workers. */
export const teamLimits: readonly BenchCase[] = [
  inVirtualTime({
    part: 'Show',
    about: 'a team of 30 K TPM beside one without a limit, both with a backlog, on 300 K TPM',
    seeds: 3,
    scenario: scenario('team-limit-tpm', {
      teams: { small: { tokensPerMinute: 30_000 }, big: {} },
      streams: [
        { lane: 'standard', team: 'small', standing: 300 },
        { lane: 'standard', team: 'big', standing: 1000, perSecond: 6 },
      ],
    }),
    check: (figures) => [
      atMost('small: most tokens in any 60 s', figures.teams['small']?.mostTokensIn60S ?? Number.NaN, 30_000),
      atLeast('small: its own use ÷ limit', (figures.teams['small']?.tokensPerMinute ?? 0) / 30_000, 0.95),
      ...isFull(figures),
    ],
  }),
  inVirtualTime({
    part: 'Show',
    about: 'a team of 60 RPM with a backlog beside one without a limit',
    seeds: 3,
    scenario: scenario('team-limit-rpm', {
      teams: { small: { requestsPerMinute: 60 }, big: {} },
      streams: [
        { lane: 'standard', team: 'small', standing: 500 },
        { lane: 'standard', team: 'big', standing: 1000, perSecond: 6 },
      ],
    }),
    check: (figures) => [
      atMost('small: most requests in any 60 s', figures.teams['small']?.mostRequestsIn60S ?? Number.NaN, 60),
      atLeast('small: its own use ÷ limit', (figures.teams['small']?.requestsPerMinute ?? 0) / 60, 0.95),
      ...isFull(figures),
    ],
  }),
  inVirtualTime({
    part: 'Show',
    about: 'a team of 100 K TPM alone with its backlog: the rest of the pool stays free',
    scenario: scenario('team-limit-alone', {
      teams: { apps: { tokensPerMinute: 100_000 } },
      streams: [{ lane: 'bulk', team: 'apps', standing: 1000 }],
    }),
    check: (figures) => [
      atMost('most tokens in any 60 s', figures.teams['apps']?.mostTokensIn60S ?? Number.NaN, 100_000),
      atLeast('its own use ÷ limit', (figures.teams['apps']?.tokensPerMinute ?? 0) / 100_000, 0.95),
      ...keepsLimits(figures),
    ],
  }),
  inVirtualTime({
    part: 'Bad input',
    about: 'a team limit lowered from 100 K to 40 K TPM at 120 s while its bookings stand',
    scenario: scenario('team-limit-lowered', {
      seconds: 480,
      warmUpS: 200,
      teams: { small: { tokensPerMinute: 100_000 }, big: {} },
      streams: [
        { lane: 'standard', team: 'small', standing: 1000 },
        { lane: 'standard', team: 'big', standing: 1000, perSecond: 6 },
      ],
      incidents: [{ atS: 120, kind: 'team-limits', team: 'small', over: { tokensPerMinute: 40_000 } }],
    }),
    check: (figures) => [
      atMost(
        'small: most in any 60 s from 200 s on',
        figures.teams['small']?.measured.mostTokensIn60S ?? Number.NaN,
        40_000,
      ),
      atLeast('small: its own use ÷ limit', (figures.teams['small']?.tokensPerMinute ?? 0) / 40_000, 0.95),
      ...isFull(figures),
    ],
  }),
];
