import { breakerPolicy } from '../../../src/core/routing/breaker-policy.ts';
import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atMost } from '../check.ts';
import { scenario } from '../scenario.ts';
import type { Hints } from '../simulated-service.ts';
import { backlog, calls, isAllSent, isFull, isPrompt } from './shared.ts';

/** Things that happen while work stands in line. */
export const disturbances: readonly BenchCase[] = [
  inVirtualTime({
    part: 'Show',
    about: '300 tickets cancelled at the head of the line at 150 s',
    seeds: 3,
    scenario: scenario('cancelled-300', {
      seconds: 330,
      warmUpS: 120,
      streams: [backlog],
      incidents: [{ atS: 150, kind: 'cancel-next', lane: 'bulk', count: 300 }],
    }),
    check: (figures) => isFull(figures, 0.92),
  }),
  ...(['good', 'missing', '86400'] as const).flatMap((hints) => [
    foreignLoad('foreign-load', 'a third of every deployment', 1700, hints),
    foreignLoad('foreign-storm', 'everything it can get', 5000, hints),
  ]),
  inVirtualTime({
    part: 'Show',
    about: '2 → 16 → 4 workers, two of them killed in mid-flight; what is in line at 360 s drains',
    seeds: 3,
    scenario: scenario('elastic', {
      seconds: 1800,
      measureUntilS: 360,
      isFinite: true,
      workers: 2,
      slots: 200,
      streams: [
        { ...backlog, untilS: 360 },
        { ...calls, untilS: 360 },
      ],
      incidents: [
        { atS: 90, kind: 'start-workers', count: 14 },
        { atS: 180, kind: 'kill-workers', count: 2 },
        { atS: 240, kind: 'stop-workers', count: 10 },
      ],
    }),
    check: (figures) => [
      ...isFull(figures),
      isPrompt(figures),
      isAllSent(figures),
      atMost('tokens left in line at the end', figures.tokensInLine, 0),
    ],
  }),
];

function foreignLoad(name: string, what: string, tokensPerSecond: number, hints: Hints): BenchCase {
  return inVirtualTime({
    part: 'Show',
    about: `another application takes ${what} for 90 s, hints ${hints}: no job fails`,
    scenario: scenario(hints === 'good' ? name : `${name}-hints-${hints}`, {
      seconds: 900,
      isFinite: true,
      warmUpS: 0,
      hints,
      health: breakerPolicy,
      streams: [
        { lane: 'bulk', team: 'apps', standing: 1200 },
        { ...calls, untilS: 240 },
      ],
      incidents: [{ atS: 90, untilS: 180, kind: 'foreign', tokensPerSecond }],
    }),
    check: (figures) => [isAllSent(figures), atMost('poisoned or lost', figures.lost, 0)],
  });
}
