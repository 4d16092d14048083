import type { AdmissionLimits } from '../../../tools/simulator/admission.ts';
import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atLeast, atMost } from '../check.ts';
import { scenario, threeRegions } from '../scenario.ts';
import { backlog, calls, isFull } from './shared.ts';

/** What was booked before the change is sent within this; at most so many jobs, by the horizon of 1.8 s and a late send. */
const standingBookings = 12;

function changed(name: string, about: string, over: Partial<AdmissionLimits>, atS = 90): BenchCase {
  return inVirtualTime({
    part: 'Bad input',
    about,
    seeds: 3,
    scenario: scenario(name, {
      seconds: 420,
      warmUpS: 180,
      streams: [{ ...backlog, perSecond: 12 }, calls],
      incidents: [{ atS, kind: 'limits', over }],
    }),
    check: (figures) => [
      ...isFull(figures).filter(({ figure }) => figure === 'utilisation' || figure === '429s per job'),
      atMost('sends over the new limit (booked before)', figures.overLimit, standingBookings),
      atMost('poisoned or lost', figures.lost, 0),
    ],
  });
}

/** Limits of deployments changed while bookings stand; 0 and 1. */
export const limitChanges: readonly BenchCase[] = [
  changed('limits-halved', 'TPM and RPM halved at 90 s while bookings stand', {
    tokensPerMinute: 50_000,
    requestsPerMinute: 300,
  }),
  changed('limits-doubled', 'TPM and RPM doubled at 90 s', { tokensPerMinute: 200_000, requestsPerMinute: 1200 }),
  inVirtualTime({
    part: 'Bad input',
    about: 'TPM 0 from 60 to 120 s: a switch, not a size; everything waits and goes on',
    seeds: 3,
    scenario: scenario('limits-0', {
      seconds: 420,
      warmUpS: 180,
      streams: [backlog, calls],
      incidents: [
        { atS: 60, kind: 'limits', over: { tokensPerMinute: 0 } },
        { atS: 120, kind: 'limits', over: { tokensPerMinute: 100_000 } },
      ],
    }),
    check: (figures) => [
      atLeast('utilisation afterwards', figures.utilisation, 0.97),
      atMost('sends over a limit (booked before)', figures.overLimit, standingBookings),
      atMost('429s per job', figures.throttledPerJob, 0.01),
      atMost('jobs refused', figures.refused, 0),
      atMost('poisoned or lost', figures.lost, 0),
    ],
  }),
  inVirtualTime({
    part: 'Bad input',
    about: 'TPM 1 from 60 s on: no job fits any more, each is told so; nothing is sent',
    scenario: scenario('limits-tpm-1', {
      seconds: 400,
      isFinite: true,
      streams: [{ lane: 'standard', team: 'apps', standing: 600 }],
      incidents: [{ atS: 60, kind: 'limits', over: { tokensPerMinute: 1 } }],
    }),
    check: (figures) => [
      atMost('jobs neither sent nor refused', figures.submitted - figures.done - figures.refused, 0),
      atMost('sends over the new limit (booked before)', figures.overLimit, standingBookings),
    ],
  }),
  inVirtualTime({
    part: 'Bad input',
    about: 'RPM 1 on each of three deployments: one request a minute and deployment',
    scenario: scenario('limits-rpm-1', {
      seconds: 960,
      deployments: threeRegions({ requestsPerMinute: 1 }),
      streams: [{ lane: 'standard', team: 'apps', standing: 100 }],
    }),
    check: (figures) => [
      atMost('requests per minute', figures.requestsPerMinute, 3),
      atLeast('requests per minute', figures.requestsPerMinute, 0.95 * 3),
      atMost('most requests in any 60 s', figures.teams['apps']?.mostRequestsIn60S ?? Number.NaN, 3),
      atMost('429s per job', figures.throttledPerJob, 0),
    ],
  }),
];
