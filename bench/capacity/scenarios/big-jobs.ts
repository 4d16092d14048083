import type { Lane } from '../../../src/core/jobs/job.ts';
import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { atLeast, atMost, type Check } from '../check.ts';
import type { Figures } from '../measure.ts';
import { type JobSize, referenceSize, scenario } from '../scenario.ts';
import type { Draws } from '../seeded.ts';
import { backlog, isAllSent, keepsLimits } from './shared.ts';

/** 2 % of the jobs of each lane take half of a deployment's TPM. */
export const bigJobs: readonly BenchCase[] = [inLane('bulk', 3), inLane('standard', 3), inLane('interactive', 0.5)];

function sometimesHalf(draws: Draws): JobSize {
  if (draws.next() >= 0.02) return referenceSize(draws);
  return { promptCharacters: 4 * 45_999, outputCap: 4000, outputTokens: 300 };
}

function inLane(lane: Lane, perSecond: number): BenchCase {
  const untilS = 600;
  return inVirtualTime({
    part: 'Show',
    about: `2 % of the jobs of lane ${lane} take half of a deployment's TPM; what is in line at ${untilS} s drains`,
    seeds: 10,
    scenario: scenario(`big-jobs-${lane}`, {
      seconds: 3600,
      measureUntilS: untilS,
      isFinite: true,
      streams:
        lane === 'interactive'
          ? [
              { ...backlog, untilS },
              { lane, team: 'apps', perSecond, untilS, size: sometimesHalf },
            ]
          : [{ lane, team: 'apps', standing: 500, perSecond, untilS, size: sometimesHalf }],
    }),
    check: (figures) => [
      isAllSent(figures),
      atLeast('utilisation', figures.utilisation, 0.94),
      ...keepsLimits(figures),
      isServedLikeOthers(figures, lane),
    ],
  });
}

/**
 * In a lane that waits, a big job waits as its neighbours do. Interactive ones wait a tenth of a second, and no policy can make the
 * service take half of a deployment's minute at once while its windows are full: there the time counts that the service needs to free
 * as much, 30 s, or more where big jobs go before it.
 */
function isServedLikeOthers({ bigJobs: { worstOfNeighbours, worstOfPossible } }: Figures, lane: Lane): Check {
  if (lane !== 'interactive') return atMost('worst wait ÷ neighbours', worstOfNeighbours, 1.5);
  return atMost(
    'worst wait ÷ what the service needs',
    worstOfPossible,
    1.5,
    '1.5 × neighbours, who wait 0.07 s; full windows free half of a TPM in 30 s, longer behind other big jobs',
  );
}
