import type { DeploymentConfig, PoolConfig, TeamConfig, WeirConfig } from './config-schema.ts';

/** The pool that serves a model name; null when none does. */
export function findPool(config: WeirConfig, model: string): PoolConfig | null {
  return config.pools.find((pool) => pool.model === model) ?? null;
}

/** A deployment of a model's pool by name; null when the configuration no longer has it. */
export function findDeployment(config: WeirConfig, model: string, name: string): DeploymentConfig | null {
  return findPool(config, model)?.deployments.find((deployment) => deployment.name === name) ?? null;
}

/** A team by id; null when the configuration no longer has it. */
export function findTeam(config: WeirConfig, id: string): TeamConfig | null {
  return config.teams.find((team) => team.id === id) ?? null;
}
