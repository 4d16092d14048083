import type { DeploymentConfig, PoolConfig } from '../../../src/core/config/config-schema.ts';
import { type Finding, ok, problem, warning } from '../finding.ts';
import type { GrantedAccount, GrantedDeployment } from './granted-account.ts';

const republish =
  'Publish the configuration anew with tools/infra/make-config.ts: it takes the limits from what was granted.';

/** Compares one configured deployment with what Azure granted. `offered` = models of a region, where one had to be asked. */
export function compareDeployment(
  pool: PoolConfig,
  deployment: DeploymentConfig,
  accounts: readonly GrantedAccount[],
  offered: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): Finding[] {
  const name = `${pool.model} by ${deployment.name}`;
  const account = findAccount(deployment, accounts);
  if (account === null) {
    return [
      warning(
        `${name}: none of the accounts that you may read has the endpoint ${deployment.endpoint}.`,
        'Correct the endpoint; or name the subscription of that account with another --subscription, and be Reader there.',
      ),
    ];
  }
  const granted = findDeployment(deployment, account);
  if (granted !== null) return judge(name, pool, deployment, granted);
  const there = account.deployments.map((one) => one.name).join(', ') || 'none';
  const lacksModel = offered.get(account.region)?.has(pool.price) === false;
  return [
    problem(
      `${name}: the account ${account.name} has no deployment "${deployment.deployment}", only: ${there}.`,
      lacksModel
        ? `${account.region} does not offer ${pool.price} to this subscription: deploy it in another region, or take it out of the pool.`
        : 'Deploy it, or correct pools[].deployments[].deployment (the name of the deployment, not of the model).',
    ),
  ];
}

/** The account that takes requests at the deployment's endpoint; null when none is known. */
export function findAccount(deployment: DeploymentConfig, accounts: readonly GrantedAccount[]): GrantedAccount | null {
  const host = URL.parse(deployment.endpoint)?.hostname.toLowerCase() ?? '';
  return accounts.find(({ hosts }) => hosts.includes(host)) ?? null;
}

export function findDeployment(deployment: DeploymentConfig, account: GrantedAccount): GrantedDeployment | null {
  const wanted = deployment.deployment.toLowerCase();
  return account.deployments.find(({ name }) => name.toLowerCase() === wanted) ?? null;
}

function judge(name: string, pool: PoolConfig, wanted: DeploymentConfig, granted: GrantedDeployment): Finding[] {
  const { model, provisioningState } = granted.properties;
  const findings: Finding[] = [];
  if (granted.sku.name !== wanted.sku) {
    findings.push(
      problem(
        `${name}: sku is ${wanted.sku} here and ${granted.sku.name} in Azure: prices and order follow a wrong one.`,
        republish,
      ),
    );
  }
  if (model.name.toLowerCase() !== pool.price) {
    findings.push(
      warning(
        `${name} runs ${model.name} and is priced as ${pool.price}.`,
        'Set pools[].price to the model that runs, or deploy the model that the pool is called after.',
      ),
    );
  }
  if (provisioningState !== null && provisioningState !== undefined && provisioningState !== 'Succeeded') {
    findings.push(warning(`${name} is ${provisioningState} in Azure.`, 'Look at the deployment in the portal.'));
  }
  return [...findings, ...judgeLimits(name, wanted, granted)];
}

function judgeLimits(name: string, wanted: DeploymentConfig, granted: GrantedDeployment): Finding[] {
  const findings: Finding[] = [];
  const tokens = perMinute(granted, 'token') ?? tokensByCapacity(granted);
  const requests = perMinute(granted, 'request');
  for (const [setting, asked, most] of [
    ['tokensPerMinute', wanted.tokensPerMinute, tokens],
    ['requestsPerMinute', wanted.requestsPerMinute, requests],
  ] as const) {
    if (most === null || asked <= most) continue;
    findings.push(
      problem(
        `${name}: ${setting} is ${asked}, Azure grants ${most}: what is over comes back as 429.`,
        `Raise the capacity first, or lower ${setting}. ${republish}`,
      ),
    );
  }
  const slice = findRule(granted, 'request')?.renewalPeriod ?? null;
  if (slice !== null && slice < wanted.requestWindowSeconds) {
    findings.push(
      warning(
        `${name}: Azure counts requests in slices of ${slice} s, requestWindowSeconds is ${wanted.requestWindowSeconds}: bursts come back as 429.`,
        republish,
      ),
    );
  }
  if (findings.length > 0) return findings;
  const bounds = [
    tokens === null ? null : `${wanted.tokensPerMinute} of ${tokens} tokens`,
    requests === null ? null : `${wanted.requestsPerMinute} of ${requests} requests`,
  ].filter((text) => text !== null);
  // Units of provisioned throughput are no tokens: the service says nothing to compare with.
  if (bounds.length === 0) return [ok(`${name} is there; Azure names no limit of it (${granted.sku.name})`)];
  return [ok(`${name} uses ${bounds.join(' and ')} a minute that Azure grants`)];
}

function findRule(granted: GrantedDeployment, key: 'token' | 'request') {
  return granted.properties.rateLimits?.find((limit) => limit.key === key) ?? null;
}

function perMinute(granted: GrantedDeployment, key: 'token' | 'request'): number | null {
  const rule = findRule(granted, key);
  return rule === null ? null : Math.floor((rule.count * 60) / rule.renewalPeriod);
}

function tokensByCapacity({ sku }: GrantedDeployment): number | null {
  return sku.name.endsWith('ProvisionedManaged') ? null : (sku.capacity ?? 0) * 1000 || null;
}
