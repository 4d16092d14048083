import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atMost } from '../check.ts';
import { scenario, threeRegions } from '../scenario.ts';
import { isAllSent } from './shared.ts';

/** 600 jobs that only the request limit holds back. */
export const tinyJobs: readonly BenchCase[] = [tiny(1, 59, 1.1), tiny(10, 50, 1.05)];

/** `floorS` is when the last slice begins if each but the last is used up. */
function tiny(windowSeconds: 1 | 10, floorS: number, most: number): BenchCase {
  return inVirtualTime({
    part: 'Show',
    about: `600 tiny jobs at once on one deployment of 600 RPM, ${windowSeconds} s slices; the floor is ${floorS} s`,
    seeds: 10,
    scenario: scenario(`tiny-${windowSeconds}s`, {
      isFinite: true,
      warmUpS: 0,
      seconds: 120,
      deployments: threeRegions({ requestWindowSeconds: windowSeconds }).slice(0, 1),
      streams: [
        {
          lane: 'standard',
          team: 'apps',
          standing: 600,
          size: () => ({ promptCharacters: 80, outputCap: 20, outputTokens: 10 }),
        },
      ],
    }),
    check: (figures) => [
      atMost('makespan ÷ floor', figures.makespanS / floorS, most),
      atMost('most requests in a slice', figures.mostRequestsInSlice, 10 * windowSeconds),
      atMost('429s per job', figures.throttledPerJob, 0),
      isAllSent(figures),
    ],
  });
}
