import type { HealthPolicy } from './deployment-health.ts';
import type { PoolLimits } from './pool-limits.ts';
import type { PoolState } from './pool-state.ts';

/** A deployment's breaker opened or closed; `fields` name it and why it had opened. */
export interface HealthNotice {
  readonly name: 'breaker_opened' | 'breaker_closed';
  readonly level: 'info' | 'warning';
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/**
 * What a commit that turned `before` into `after` must tell operators about the pool's breakers. Whoever commits a change tells
 * of it: once, whatever the number of processes.
 */
export function findHealthNotices(
  pool: { readonly limits: PoolLimits; readonly health: HealthPolicy },
  before: PoolState,
  after: PoolState,
): readonly HealthNotice[] {
  const { model, deployments } = pool.limits;
  return deployments.flatMap(({ name: deployment, region }) => {
    const healthOf = (state: PoolState) => state.deployments.get(deployment)?.health ?? null;
    const news = pool.health.findNews(healthOf(before), healthOf(after));
    if (news === null) return [];
    const { name, reason } = news;
    const fields = { model, deployment, region, reason: reason ?? 'unknown' };
    return name === 'breaker_opened'
      ? { name, level: 'warning', message: `Deployment ${deployment} of ${model} takes no calls for now.`, fields }
      : { name, level: 'info', message: `Deployment ${deployment} of ${model} takes calls again.`, fields };
  });
}
