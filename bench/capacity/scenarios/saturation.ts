import { breakerPolicy } from '../../../src/core/routing/breaker-policy.ts';
import type { AdmissionLimits } from '../../../tools/simulator/admission.ts';
import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atLeast, atMost } from '../check.ts';
import { scenario, threeRegions } from '../scenario.ts';
import type { Hints } from '../simulated-service.ts';
import { backlog, isFair, isFull, slotsOf } from './shared.ts';

interface Setting {
  readonly workers: number;
  readonly window: AdmissionLimits['window'];
  readonly requestWindowSeconds: 1 | 10;
  /** How 429s tell when to come back; null: there are none. */
  readonly hints: Hints | null;
}

/** Another application on the same deployments takes all it can get for so long: without it no 429 would ever give a hint. */
const storm = { atS: 60, untilS: 64, kind: 'foreign', tokensPerSecond: 5000 } as const;
/** By then the windows are the pool's own again, and a hint of a day has been believed for as long as it is. */
const overS = 240;

/** What another application took makes Weir's own sends go over the limit: they are refused, which is what the storm is for. */
const overByForeigners: readonly string[] = ['sends over a limit', 'most in any 60 s ÷ limit'];

const allHints = ['good', 'missing', '86400'] as const;

/** Every combination that the issue names: a standing backlog, and all of the quota used, undisturbed and after a storm of 429s. */
export const saturation: readonly BenchCase[] = [1, 8, 40].flatMap((workers) =>
  (['sliding', 'fixed'] as const).flatMap((window) =>
    ([10, 1] as const).flatMap((requestWindowSeconds) => {
      const common = { workers, window, requestWindowSeconds };
      // What hints do does not depend on how many workers there are: one and forty are tried where the service is as usual.
      const isStormed = workers === 8 || (window === 'sliding' && requestWindowSeconds === 10);
      const stormed = isStormed ? allHints.map((hints) => saturateAfterStorm({ ...common, hints })) : [];
      return [saturate({ ...common, hints: null }), ...stormed];
    }),
  ),
);

/** The name of one combination; what is usual is left out. */
export function saturationName({ workers, window, requestWindowSeconds, hints }: Setting): string {
  const parts = [
    `saturation-${workers}`,
    window === 'fixed' ? 'fixed-minute' : '',
    requestWindowSeconds === 1 ? '1s-slices' : '',
    hints === null ? '' : `hints-${hints}`,
  ];
  return parts.filter((part) => part !== '').join('-');
}

function saturate(setting: Setting): BenchCase {
  const { workers, window, requestWindowSeconds } = setting;
  return inVirtualTime({
    part: 'Speed and cost',
    about: `a standing backlog; ${workers} workers, ${window} minute, ${requestWindowSeconds} s slices`,
    scenario: scenario(saturationName(setting), {
      workers,
      slots: slotsOf(workers),
      streams: [backlog],
      deployments: threeRegions({ window, requestWindowSeconds }),
    }),
    check: (figures) => [...isFull(figures), atMost('parks per job', figures.parksPerJob, 3), isFair(figures, 'bulk')],
  });
}

function saturateAfterStorm(setting: Setting & { readonly hints: Hints }): BenchCase {
  const { workers, window, requestWindowSeconds, hints } = setting;
  return inVirtualTime({
    part: 'Speed and cost',
    about: `the same ${overS - storm.untilS} s after another application took everything for ${storm.untilS - storm.atS} s, its 429s with hints ${hints}; ${workers} workers, ${window} minute, ${requestWindowSeconds} s slices`,
    scenario: scenario(saturationName(setting), {
      workers,
      slots: slotsOf(workers),
      seconds: 540,
      warmUpS: overS,
      streams: [{ ...backlog, standing: 400 }],
      deployments: threeRegions({ window, requestWindowSeconds }),
      hints,
      health: breakerPolicy,
      incidents: [storm],
    }),
    check: (figures) => [
      atLeast('429s that gave a hint', figures.throttledEver, 3),
      ...isFull(figures).filter(({ figure }) => !overByForeigners.includes(figure)),
      isFair(figures, 'bulk'),
    ],
  });
}
