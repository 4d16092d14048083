import type { DeploymentConfig, PoolConfig, WeirConfig } from '../../src/core/config/config-schema.ts';
import { notYetInForce } from '../../src/core/config/not-yet-in-force.ts';
import { checkPrices } from './check-prices.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';

export interface ConfigurationContext {
  readonly nowMs: number;
  /** In a local run simulated regions are as they should be. */
  readonly isLocalRun?: boolean;
  /** Whether the issued keys are in it; without them nobody can tell who has no way in. */
  readonly hasIssuedKeys?: boolean;
}

/** Looks at a valid configuration for what is allowed and yet likely wrong: quota counted twice, prices, limits that cannot be. */
export function checkConfiguration(config: WeirConfig, context: ConfigurationContext): readonly Finding[] {
  const { nowMs, isLocalRun = false, hasIssuedKeys = true } = context;
  const deployments = config.pools.flatMap((pool) => pool.deployments);
  return [
    ok(
      `${count(config.pools.length, 'pool')}, ${count(deployments.length, 'deployment')}, ${count(config.teams.length, 'team')}`,
    ),
    ...findLocal(deployments, isLocalRun),
    ...findSharedQuota(config),
    ...config.pools.flatMap((pool) => checkPool(pool, config)),
    ...checkPrices(config, nowMs),
    ...(hasIssuedKeys ? findShutOut(config) : []),
    ...checkTeams(config),
    ...notYetInForce(config).map(skipped),
  ];
}

function count(number: number, one: string): string {
  return `${number} ${one}${number === 1 ? '' : 's'}`;
}

function findLocal(deployments: readonly DeploymentConfig[], isLocalRun: boolean): readonly Finding[] {
  const local = deployments.filter(isLocal).length;
  if (local === 0) return [];
  if (isLocalRun) return [ok(`${count(local, 'deployment')} on this machine, as a local Weir has them`)];
  return [
    warning(
      `${count(local, 'deployment')} on this machine (http:).`,
      'Fine with the simulator; a deployed app needs https: endpoints.',
    ),
  ];
}

/** Plain http: is accepted for loopback addresses only. */
function isLocal(deployment: DeploymentConfig): boolean {
  return deployment.endpoint.startsWith('http:');
}

function findSharedQuota(config: WeirConfig): readonly Finding[] {
  const seen = new Map<string, string>();
  return config.pools.flatMap((pool) =>
    pool.deployments.flatMap((deployment) => {
      const place = `${URL.parse(deployment.endpoint)?.host ?? ''}${URL.parse(deployment.endpoint)?.pathname} ${deployment.deployment}`;
      const name = `${pool.model} by ${deployment.name}`;
      const other = seen.get(place);
      seen.set(place, other ?? name);
      if (other === undefined) return [];
      return problem(
        `${name} and ${other} are the same deployment: its quota is counted twice.`,
        'Keep one of them; two models cannot share a deployment.',
      );
    }),
  );
}

function checkPool(pool: PoolConfig, config: WeirConfig): readonly Finding[] {
  const active = pool.deployments.filter((deployment) => !deployment.paused);
  const findings = active.flatMap((deployment) => checkDeployment(pool, deployment, config));
  if (pool.paused || active.length === 0) {
    findings.push(
      warning(`${pool.model} is paused: its jobs wait until their deadlines.`, 'Take "paused" away when it is over.'),
    );
  }
  const provisioned = active.filter(isProvisioned);
  const paid = active.filter((deployment) => !isProvisioned(deployment));
  const late = provisioned.filter((one) => paid.some((other) => other.priority < one.priority));
  for (const deployment of late) {
    findings.push(
      warning(
        `${pool.model} by ${deployment.name} is provisioned and comes after a pay-as-you-go deployment.`,
        'Give it the lowest priority number: it is paid for, used or not.',
      ),
    );
  }
  return findings;
}

/** More requests than this per 1,000 tokens a minute no SKU grants: older chat models have 6. */
const mostRequestsPerThousandTokens = 6;

function checkDeployment(pool: PoolConfig, deployment: DeploymentConfig, config: WeirConfig): Finding[] {
  const { tokensPerMinute, requestsPerMinute, endpoint } = deployment;
  const name = `${pool.model} by ${deployment.name}`;
  const findings: Finding[] = [];
  const host = URL.parse(endpoint)?.hostname ?? '';
  if (!isLocal(deployment) && !azureHosts.test(host)) {
    findings.push(
      warning(
        `${name}: ${host} is no address of Azure OpenAI.`,
        'Take the endpoint from the resource, as in https://name.openai.azure.com.',
      ),
    );
  }
  if (requestsPerMinute * 1000 > tokensPerMinute * mostRequestsPerThousandTokens && !isProvisioned(deployment)) {
    findings.push(
      warning(
        `${name}: ${requestsPerMinute} requests to ${tokensPerMinute} tokens a minute is more than any SKU grants.`,
        'Copy both numbers from the deployment (rateLimits), or make the configuration from the outputs.',
      ),
    );
  }
  if (tokensPerMinute < config.limits.maxOutputTokens) {
    findings.push(
      warning(
        `${name}: a request with limits.maxOutputTokens (${config.limits.maxOutputTokens}) needs more than its ${tokensPerMinute} tokens a minute.`,
        'Raise the capacity, or lower limits.maxOutputTokens.',
      ),
    );
  }
  return findings;
}

const azureHosts = /\.(openai\.azure\.(com|us|cn)|cognitiveservices\.azure\.(com|us|cn)|services\.ai\.azure\.com)$/;

function isProvisioned(deployment: DeploymentConfig): boolean {
  return deployment.sku.endsWith('ProvisionedManaged');
}

function findShutOut(config: WeirConfig): readonly Finding[] {
  const mapped = new Set(Object.values(config.identity?.roleTeams ?? {}));
  const isOperatorByRole = (config.identity?.operatorRoles.length ?? 0) > 0;
  return config.teams
    .filter(({ keys, entraAppIds, id }) => keys.length === 0 && entraAppIds.length === 0 && !mapped.has(id))
    .filter(({ role }) => role !== 'operator' || !isOperatorByRole)
    .map(({ id }) =>
      warning(
        `Nobody can be the team ${id}: it has no key, application or role.`,
        `npm run weir -- keys make --team ${id}`,
      ),
    );
}

function checkTeams(config: WeirConfig): readonly Finding[] {
  const findings: Finding[] = [];
  for (const team of config.teams) {
    if (team.models.length === 0 && team.role === 'team') {
      findings.push(warning(`The team ${team.id} may use no model.`, 'List models in teams[].models.'));
    }
    if (team.budget === null && team.role === 'team') {
      findings.push(
        warning(`The team ${team.id} has no budget: it can spend without limit.`, 'Give it teams[].budget.monthlyUsd.'),
      );
    }
    if (team.paused)
      findings.push(warning(`The team ${team.id} is paused: its jobs wait.`, 'Take "paused" away when it is over.'));
  }
  const hasOperator =
    config.teams.some((team) => team.role === 'operator') || (config.identity?.operatorRoles.length ?? 0) > 0;
  if (!hasOperator) {
    findings.push(
      warning('There is no operator: nobody sees the figures of all teams.', 'Give one team "role": "operator".'),
    );
  }
  return findings;
}
