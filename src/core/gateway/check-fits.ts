import { estimateAdmission } from '../capacity/admission-estimate.ts';
import type { PoolConfig, TeamConfig } from '../config/config-schema.ts';
import { WeirError } from '../http/weir-error.ts';
import type { Estimate } from '../tokens/estimate.ts';
import { estimateRerun } from '../tokens/estimate-rerun.ts';

interface TokenLimit {
  readonly owner: 'deployment' | 'team';
  readonly tokensPerMinute: number;
}

/**
 * Refuses at the door what could never be sent: its estimate is larger than a whole minute's limit of every deployment, or
 * of the team. A limit of 0 is a switch, not a size, and so is a pause: that work waits until it is turned on.
 */
export function checkFits(pool: PoolConfig, team: TeamConfig, estimate: Estimate): void {
  const needed = estimateAdmission(estimate);
  const limit = smallestLimit(pool, team);
  if (limit === null || needed <= limit.tokensPerMinute) return;
  const whose = limit.owner === 'team' ? 'your team may send' : `the largest deployment of ${pool.model} allows`;
  throw new WeirError(
    'invalid_request',
    `The request needs ${needed} tokens of quota at once (prompt estimate and output cap); ${whose} ` +
      `${limit.tokensPerMinute} per minute. Shorten the prompt, lower the output cap, or split the work.`,
    { param: 'body' },
  );
}

/** The estimate without its re-run where the larger cap could never be sent: the first answer stands then. */
export function withFittingRerun(pool: PoolConfig, team: TeamConfig, estimate: Estimate): Estimate {
  const rerun = estimateRerun(estimate);
  const limit = smallestLimit(pool, team);
  if (rerun === null || limit === null || estimateAdmission(rerun) <= limit.tokensPerMinute) return estimate;
  return { ...estimate, rerunOutputCap: null };
}

/**
 * The whole minute's limit that decides, as configured: calibration is a mean over many requests, so that it says too little
 * about one to refuse it for good. Null when nothing is turned on.
 */
function smallestLimit(pool: PoolConfig, team: TeamConfig): TokenLimit | null {
  const largest = Math.max(...pool.deployments.map(({ tokensPerMinute }) => tokensPerMinute));
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
