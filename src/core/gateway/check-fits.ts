import { estimateAdmission } from '../capacity/admission-estimate.ts';
import { convertDeployments, largestFor } from '../capacity/pool-limits.ts';
import type { PoolConfig, TeamConfig, WeirConfig } from '../config/config-schema.ts';
import { WeirError } from '../http/weir-error.ts';
import type { Lane } from '../jobs/job.ts';
import type { Estimate } from '../tokens/estimate.ts';
import { estimateRerun } from '../tokens/estimate-rerun.ts';

/** Whose limits a job is under. */
export interface JobPlace {
  readonly config: WeirConfig;
  readonly pool: PoolConfig;
  readonly team: TeamConfig;
  readonly lane: Lane;
}

interface TokenLimit {
  readonly owner: 'deployment' | 'team';
  readonly tokensPerMinute: number;
}

/**
 * Refuses at the door what could never be sent: its estimate is larger than a whole minute's limit of every deployment
 * that its lane may use, or of the team. A limit of 0 is a switch, not a size, and so is a pause: that work waits until it is turned on.
 */
export function checkFits(place: JobPlace, estimate: Estimate): void {
  const needed = estimateAdmission(estimate);
  const limit = smallestLimit(place);
  if (limit === null || needed <= limit.tokensPerMinute) return;
  const whose =
    limit.owner === 'team'
      ? 'your team may send'
      : `the largest deployment of ${place.pool.model} that lane ${place.lane} may use allows`;
  throw new WeirError(
    'invalid_request',
    `The request needs ${needed} tokens of quota at once (prompt estimate and output cap); ${whose} ` +
      `${limit.tokensPerMinute} per minute. Shorten the prompt, lower the output cap, or split the work.`,
    { param: 'body' },
  );
}

/** The estimate without its re-run where the larger cap could never be sent: the first answer stands then. */
export function withFittingRerun(place: JobPlace, estimate: Estimate): Estimate {
  const rerun = estimateRerun(estimate);
  const limit = smallestLimit(place);
  if (rerun === null || limit === null || estimateAdmission(rerun) <= limit.tokensPerMinute) return estimate;
  return { ...estimate, rerunOutputCap: null };
}

/**
 * The whole minute's limit that decides, as configured: calibration is a mean over many requests, so that it says too little
 * about one to refuse it for good. Null when nothing is turned on.
 */
function smallestLimit({ config, pool, team, lane }: JobPlace): TokenLimit | null {
  const largest = largestFor(convertDeployments(config, pool), lane);
  const limits: readonly TokenLimit[] = [
    { owner: 'deployment', tokensPerMinute: largest },
    { owner: 'team', tokensPerMinute: team.tokensPerMinute ?? 0 },
  ];
  return limits
    .filter(({ tokensPerMinute }) => tokensPerMinute > 0)
    .reduce<TokenLimit | null>(
      (least, limit) => (least === null || limit.tokensPerMinute < least.tokensPerMinute ? limit : least),
      null,
    );
}
