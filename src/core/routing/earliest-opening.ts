import type { DeploymentView } from '../capacity/capacity.ts';

/** What tells when a deployment takes calls again: its breaker, and the ledger's cool-down. */
export type Opening = Pick<DeploymentView, 'health' | 'nextProbeAtMs'>;

/**
 * The earliest moment at which one of the deployments may take a call: `nowMs` while one does, else the next end of a break, a
 * cool-down or the lease of a probe that is out. Null when all are paused: nobody knows.
 */
export function findEarliestOpening(deployments: readonly Opening[], nowMs: number): number | null {
  const openings = deployments
    .filter(({ health }) => health !== 'paused')
    .map(({ health, nextProbeAtMs }) => (health === 'healthy' ? nowMs : Math.max(nowMs, nextProbeAtMs ?? nowMs)));
  return openings.length === 0 ? null : Math.min(...openings);
}

/** Nobody is sent back sooner: a region that has just come to its test is not yet well. */
const leastRetryMs = 1000;
/** Every deployment is paused: someone has to turn one on. */
const pausedRetryMs = 60_000;

/**
 * What a caller is told in `Retry-After` when no deployment takes calls, in ms: until the earliest opening, one second at least, and
 * up to half a second more by `random` (0 to 1), so that those who were refused together do not come back together.
 */
export function retryAfterAllOutMs(deployments: readonly Opening[], nowMs: number, random: number): number {
  const openingMs = findEarliestOpening(deployments, nowMs);
  const waitMs = openingMs === null ? pausedRetryMs : Math.max(leastRetryMs, openingMs - nowMs);
  return Math.ceil(waitMs + random * 500);
}
