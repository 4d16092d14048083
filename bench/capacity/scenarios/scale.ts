import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atLeast } from '../check.ts';
import { scenario, threeRegions } from '../scenario.ts';
import { backlog, calls, isFull, isPrompt, keepsLimits } from './shared.ts';

/** What the issue does not ask for and `docs/scaling.md` tells: long lines, many workers, a service that counts differently. */
export const scale: readonly BenchCase[] = [
  inVirtualTime({
    part: 'Scale',
    about: 'ten thousand jobs in line at once',
    scenario: scenario('flood-10000', {
      seconds: 240,
      streams: [{ ...backlog, standing: 10_000, perSecond: 0.001 }, calls],
    }),
    check: (figures) => [...isFull(figures), isPrompt(figures)],
  }),
  inVirtualTime({
    part: 'Scale',
    about: 'the service charges 6 % more than its documentation says, learnt within ten minutes',
    scenario: scenario('service-charges-more', {
      seconds: 900,
      warmUpS: 600,
      serviceFactor: 1.06,
      streams: [{ ...backlog, standing: 600 }],
    }),
    check: (figures) => [
      atLeast('utilisation', figures.utilisation, 0.95),
      ...keepsLimits(figures).filter(({ figure }) => figure === '429s per job'),
    ],
  }),
  ...[8, 40, 100, 200, 400, 1000].map((workers) =>
    inVirtualTime({
      part: 'Scale',
      about: `${workers} workers on one pool of ten times the quota`,
      scenario: scenario(`scale-${workers}`, {
        workers,
        slots: workers < 40 ? 400 : 48,
        seconds: workers > 500 ? 90 : 150,
        deployments: threeRegions({ tokensPerMinute: 1_000_000, requestsPerMinute: 6000 }),
        streams: [
          { ...backlog, standing: 5000, perSecond: 50 },
          { ...calls, perSecond: 2 },
        ],
      }),
      check: keepsLimits,
    }),
  ),
];
