import type { PoolConfig, TeamConfig, WeirConfig } from '../config/config-schema.ts';
import type { Lane } from '../jobs/job.ts';
import { deploymentsFor } from '../routing/lane-deployments.ts';

/** What configuration says about one deployment, as far as capacity needs it. */
export interface DeploymentLimits {
  readonly name: string;
  readonly region: string;
  readonly priority: number;
  /** Provisioned SKUs are corrected to the actual usage; the others give nothing back. */
  readonly isProvisioned: boolean;
  readonly isPaused: boolean;
  /** 0 takes the deployment out of use. */
  readonly tokensPerMinute: number;
  readonly requestsPerMinute: number;
  readonly requestWindowSeconds: number;
  /** Lanes that may come here when deployments that are preferred to this one have no room. */
  readonly spill: readonly Lane[];
}

/** A team's own limits on one pool; null = none. */
export interface TeamLimits {
  readonly share: number;
  readonly isPaused: boolean;
  readonly tokensPerMinute: number | null;
  readonly requestsPerMinute: number | null;
}

/** Everything that is configured about one pool, read anew for every decision: it may change while bookings stand. */
export interface PoolLimits {
  readonly model: string;
  readonly isPaused: boolean;
  readonly loadThreshold: number;
  readonly deployments: readonly DeploymentLimits[];
  readonly teams: ReadonlyMap<string, TeamLimits>;
}

/** A team that configuration does not name (any more): its accepted jobs still run, with an ordinary share. */
export const unknownTeam: TeamLimits = { share: 1, isPaused: false, tokensPerMinute: null, requestsPerMinute: null };

/** Whether nothing passes until somebody turns it on: paused, or with a limit of 0, which is a switch as well. */
export function isSwitchedOff(limits: {
  readonly isPaused: boolean;
  readonly tokensPerMinute: number | null;
  readonly requestsPerMinute: number | null;
}): boolean {
  return limits.isPaused || limits.tokensPerMinute === 0 || limits.requestsPerMinute === 0;
}

/** The deployments that can ever hold a job of so many tokens: its lane may use them, and they are large enough. */
export function holdersOf(
  deployments: readonly DeploymentLimits[],
  lane: Lane,
  tokens: number,
): readonly DeploymentLimits[] {
  return deploymentsFor(deployments, lane).filter(({ tokensPerMinute }) => tokens <= tokensPerMinute);
}

/** The largest TPM of the deployments that a lane may use; 0 when none is turned on. What needs more can never be sent. */
export function largestFor(deployments: readonly DeploymentLimits[], lane: Lane): number {
  return Math.max(0, ...deploymentsFor(deployments, lane).map(({ tokensPerMinute }) => tokensPerMinute));
}

/** Finds a pool's limits in the configuration in force; null for a model without a pool. */
export type ReadPoolLimits = (model: string) => PoolLimits | null;

/** Reads limits from configuration, converting each version of it once. */
export function createPoolLimitsReader(current: () => WeirConfig): ReadPoolLimits {
  let converted: { config: WeirConfig; pools: Map<string, PoolLimits> } | null = null;
  return (model) => {
    const config = current();
    if (converted === null || converted.config !== config) converted = { config, pools: convertPools(config) };
    return converted.pools.get(model) ?? null;
  };
}

function convertPools(config: WeirConfig): Map<string, PoolLimits> {
  const teams = new Map(config.teams.map((team) => [team.id, convertTeam(team)]));
  return new Map(
    config.pools.map((pool) => [
      pool.model,
      {
        model: pool.model,
        isPaused: pool.paused,
        loadThreshold: config.routing.loadThreshold,
        teams,
        deployments: convertDeployments(config, pool),
      },
    ]),
  );
}

/** A pool's deployments as capacity and routing see them. */
export function convertDeployments(config: WeirConfig, pool: PoolConfig): DeploymentLimits[] {
  return pool.deployments.map((deployment) => ({
    name: deployment.name,
    region: deployment.region,
    priority: deployment.priority,
    isProvisioned: deployment.sku.includes('Provisioned'),
    isPaused: deployment.paused,
    tokensPerMinute: deployment.tokensPerMinute,
    requestsPerMinute: deployment.requestsPerMinute,
    requestWindowSeconds: deployment.requestWindowSeconds,
    spill: deployment.spill ?? config.routing.spill,
  }));
}

/** A team's own limits as capacity sees them. */
export function convertTeam(team: TeamConfig): TeamLimits {
  const { share, tokensPerMinute, requestsPerMinute } = team;
  return { share, isPaused: team.paused, tokensPerMinute, requestsPerMinute };
}
