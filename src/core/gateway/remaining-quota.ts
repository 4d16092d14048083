import type { DeploymentView } from '../capacity/capacity.ts';
import { type DeploymentLimits, isSwitchedOff, type TeamLimits, unknownTeam } from '../capacity/pool-limits.ts';
import type { Lane } from '../jobs/job.ts';
import { deploymentsFor } from '../routing/lane-deployments.ts';

/** Requests and tokens, used or left within a minute. */
export interface Quota {
  readonly requests: number;
  readonly tokens: number;
}

/** One model's pool as configured and as it is now, and what counts of the asking team's own limit: what was booked, which may be more than was used. */
export interface PoolUse {
  readonly model: string;
  readonly isPaused: boolean;
  readonly deployments: readonly DeploymentLimits[];
  readonly views: readonly DeploymentView[];
  readonly usedByTeam: Quota;
}

/**
 * What a lane may still send of one model now: of deployments that take calls and that the lane may use, and no more than the team's own
 * limit, which holds for each model, leaves. Quota of one model is none of another's.
 */
export function remainingQuota(pool: PoolUse, lane: Lane, own: TeamLimits = unknownTeam): Quota {
  const usable = new Set(deploymentsFor(pool.deployments, lane).map(({ name }) => name));
  const open = pool.views.filter(({ deployment, health }) => usable.has(deployment) && health === 'healthy');
  const isOff = pool.isPaused || isSwitchedOff(own);
  const left = (of: 'requestsRemaining' | 'tokensRemaining') => open.reduce((sum, view) => sum + view[of], 0);
  const within = (amount: number, limit: number | null, used: number) =>
    isOff ? 0 : Math.min(amount, limit === null ? amount : Math.max(0, limit - used));
  return {
    requests: within(left('requestsRemaining'), own.requestsPerMinute, pool.usedByTeam.requests),
    tokens: within(left('tokensRemaining'), own.tokensPerMinute, pool.usedByTeam.tokens),
  };
}
