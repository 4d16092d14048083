import type { Lane } from '../../../src/core/jobs/job.ts';
import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atLeast, atMost, type Check } from '../check.ts';
import type { Figures } from '../measure.ts';
import { type JobStream, scenario, type TeamSetting } from '../scenario.ts';
import { isFair, isFairTo, isFull, keepsLimits, wait } from './shared.ts';

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

/** What a team with a limit of its own may expect: all of it and not more, its jobs in order, and each woken about once. */
function keepsOwnLimit(figures: Figures, team: string, limit: TeamSetting, order: 'in order' | 'any order'): Check[] {
  const use = figures.teams[team];
  const [unit, most, rate, own] =
    limit.tokensPerMinute === undefined
      ? ['requests', use?.mostRequestsIn60S, use?.requestsPerMinute, limit.requestsPerMinute]
      : ['tokens', use?.mostTokensIn60S, use?.tokensPerMinute, limit.tokensPerMinute];
  return [
    atMost(`${team}: most ${unit} in any 60 s`, most ?? Number.NaN, own ?? Number.NaN),
    atLeast(`${team}: its own use ÷ limit`, (rate ?? Number.NaN) / (own ?? Number.NaN), 0.97),
    atMost(`${team}: parks per job`, use?.parksPerJob ?? Number.NaN, 3),
    ...(order === 'any order'
      ? []
      : [
          isFairTo(figures, `standard/${team}`),
          atMost(`${team}: most that overtook a job`, use?.mostOvertaken ?? Number.NaN, 15),
        ]),
  ];
}

/** A team with a limit of its own and a backlog, beside one without: it keeps its line, the other loses nothing. */
function ownLimit(
  name: string,
  what: string,
  small: TeamSetting,
  jobs: Pick<JobStream, 'standing' | 'perSecond'>,
): BenchCase {
  return inVirtualTime({
    part: 'Show',
    about: `a team of ${what} beside one without a limit, both with a backlog, on 300 K TPM`,
    seeds: 3,
    scenario: scenario(name, {
      seconds: 600,
      teams: { small, big: {} },
      streams: [
        { lane: 'standard', team: 'small', ...jobs },
        { lane: 'standard', team: 'big', standing: 1000, perSecond: 6 },
      ],
    }),
    check: (figures) => [...keepsOwnLimit(figures, 'small', small, 'in order'), ...isFull(figures)],
  });
}

/** Limits of teams on shared deployments, across 8 workers. */
export const teamLimits: readonly BenchCase[] = [
  ownLimit('team-limit-tpm', '30 K TPM', { tokensPerMinute: 30_000 }, { standing: 90, perSecond: 0.55 }),
  ownLimit('team-limit-rpm', '60 RPM', { requestsPerMinute: 60 }, { standing: 180, perSecond: 1.05 }),
  inVirtualTime({
    part: 'Show',
    about: 'a team of 100 K TPM alone with its backlog: the rest of the pool stays free',
    seeds: 3,
    scenario: scenario('team-limit-alone', {
      seconds: 600,
      teams: { apps: { tokensPerMinute: 100_000 } },
      streams: [{ lane: 'bulk', team: 'apps', standing: 300, perSecond: 1.8 }],
    }),
    check: (figures) => [
      ...keepsOwnLimit(figures, 'apps', { tokensPerMinute: 100_000 }, 'any order'),
      isFair(figures, 'bulk'),
      ...keepsLimits(figures),
    ],
  }),
  inVirtualTime({
    part: 'Show',
    about:
      'a team of 60 K TPM with bulk work for more and one interactive job in ten seconds, beside a backlog without a limit',
    seeds: 3,
    scenario: scenario('team-limit-lanes', {
      seconds: 600,
      teams: { small: { tokensPerMinute: 60_000 }, big: {} },
      streams: [
        { lane: 'interactive', team: 'small', perSecond: 0.1 },
        { lane: 'bulk', team: 'small', standing: 300, perSecond: 1 },
        { lane: 'bulk', team: 'big', standing: 1000, perSecond: 6 },
      ],
    }),
    check: (figures) => [
      ...keepsOwnLimit(figures, 'small', { tokensPerMinute: 60_000 }, 'any order'),
      isFairTo(figures, 'bulk/small'),
      atMost(
        'interactive p95 wait in s',
        wait(figures, 'interactive').p95,
        10,
        'nothing; its own limit is used up all the time, and frees room for a job a second',
      ),
      ...isFull(figures),
    ],
  }),
  inVirtualTime({
    part: 'Bad input',
    about: 'a team limit lowered from 100 K to 40 K TPM at 120 s while its bookings stand',
    seeds: 3,
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
      atMost('small: parks per job', figures.teams['small']?.parksPerJob ?? Number.NaN, 3),
      ...isFull(figures),
    ],
  }),
];
