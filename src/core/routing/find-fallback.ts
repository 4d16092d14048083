import type { PoolConfig, WeirConfig } from '../config/config-schema.ts';
import { findPool, findTeam } from '../config/find-deployment.ts';
import type { Job } from '../jobs/job.ts';

/** Why a job was answered by another model than it asked for. */
export const fallbackReason = 'no_healthy_deployment';

/**
 * The pool that may answer for a team when no deployment of the model it asked for takes calls; null when the team has none, when
 * it does not serve the operation, and for embeddings: vectors of two models cannot be compared.
 */
export function findFallback(
  config: WeirConfig,
  { team, model, endpoint }: Pick<Job, 'team' | 'model' | 'endpoint'>,
): PoolConfig | null {
  const fallback = findTeam(config, team)?.fallbackModel ?? null;
  if (fallback === null || fallback === model || endpoint === '/v1/embeddings') return null;
  const pool = findPool(config, fallback);
  return pool?.endpoints.includes(endpoint) ? pool : null;
}
