import type { AdmissionLimits } from '../../../tools/simulator/admission.ts';
import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atMost } from '../check.ts';
import { scenario, threeRegions } from '../scenario.ts';
import type { Hints } from '../simulated-service.ts';
import { backlog, isFair, isFull, slotsOf } from './shared.ts';

interface Setting {
  readonly workers: number;
  readonly window: AdmissionLimits['window'];
  readonly requestWindowSeconds: 1 | 10;
  readonly hints: Hints;
}

/** Every combination that the issue names: a standing backlog, and all of the quota used. */
export const saturation: readonly BenchCase[] = [1, 8, 40].flatMap((workers) =>
  (['sliding', 'fixed'] as const).flatMap((window) =>
    ([10, 1] as const).flatMap((requestWindowSeconds) =>
      (['good', 'missing', '86400'] as const).map((hints) =>
        saturate({ workers, window, requestWindowSeconds, hints }),
      ),
    ),
  ),
);

/** The name of one combination; what is usual is left out. */
export function saturationName({ workers, window, requestWindowSeconds, hints }: Setting): string {
  const parts = [
    `saturation-${workers}`,
    window === 'fixed' ? 'fixed-minute' : '',
    requestWindowSeconds === 1 ? '1s-slices' : '',
    hints === 'good' ? '' : `hints-${hints}`,
  ];
  return parts.filter((part) => part !== '').join('-');
}

function saturate(setting: Setting): BenchCase {
  const { workers, window, requestWindowSeconds, hints } = setting;
  return inVirtualTime({
    part: 'Speed and cost',
    about: `a standing backlog; ${workers} workers, ${window} minute, ${requestWindowSeconds} s slices, hints ${hints}`,
    scenario: scenario(saturationName(setting), {
      workers,
      slots: slotsOf(workers),
      streams: [backlog],
      deployments: threeRegions({ window, requestWindowSeconds }),
      hints,
    }),
    check: (figures) => [...isFull(figures), atMost('parks per job', figures.parksPerJob, 3), isFair(figures, 'bulk')],
  });
}
