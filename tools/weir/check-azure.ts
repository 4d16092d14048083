import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import {
  type AppPlace,
  listNeededRoles,
  readAppPrincipal,
  readAppResources,
  readHeldRoles,
} from './azure/app-access.ts';
import { compareDeployment, findAccount, findDeployment } from './azure/compare-quota.ts';
import { compareRoles } from './azure/compare-roles.ts';
import { type GrantedAccount, readGrantedAccounts, readOfferedModels } from './azure/granted-account.ts';
import { type ResourceManager, ResourceManagerError } from './azure/resource-manager.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';

export interface AzurePlaces {
  /** Subscriptions with the model accounts; the first is the gateway's. */
  readonly subscriptions: readonly [string, ...string[]];
  /** Group of the gateway; null = its identity is not looked at. */
  readonly resourceGroup: string | null;
}

/** Compares quota and roles with what Azure granted, as whoever is signed in. Needs Reader on the gateway's group and on the model accounts. */
export async function checkAzure(
  azure: ResourceManager,
  config: WeirConfig,
  places: AzurePlaces,
): Promise<readonly Finding[]> {
  try {
    const lists = await Promise.all(places.subscriptions.map((id) => readGrantedAccounts(azure, id)));
    const accounts = lists.flat();
    const [subscription] = places.subscriptions;
    const { resourceGroup } = places;
    return [
      ...(await checkQuota(azure, config, accounts)),
      ...(resourceGroup === null
        ? [skipped("Roles of the app's identity: name its group with --resource-group")]
        : await checkRoles(azure, config, accounts, { subscription, resourceGroup }, places.subscriptions)),
    ];
  } catch (error) {
    if (!(error instanceof ResourceManagerError)) throw error;
    return [explain(error)];
  }
}

function explain({ status, message }: ResourceManagerError): Finding {
  if (status === 401) return problem(`Resource Manager refuses your sign-in: ${message}`, 'Sign in anew: az login.');
  if (status === 403) {
    return warning(
      `You may not read all of it: ${message}`,
      'Have Reader on the resource group of the gateway and on the model accounts.',
    );
  }
  if (status === 404) return problem(message, 'Correct --subscription and --resource-group.');
  return problem(`Resource Manager cannot be asked: ${message}`, 'Check the network and your sign-in (az login).');
}

async function checkQuota(
  azure: ResourceManager,
  config: WeirConfig,
  accounts: readonly GrantedAccount[],
): Promise<Finding[]> {
  const offered = new Map<string, ReadonlySet<string>>();
  for (const account of listIncomplete(config, accounts)) {
    const subscription = account.id.split('/')[2] ?? '';
    offered.set(account.region, await readOfferedModels(azure, subscription, account.region));
  }
  const local = (endpoint: string) => endpoint.startsWith('http:');
  return config.pools.flatMap((pool) =>
    pool.deployments
      .filter(({ endpoint }) => !local(endpoint))
      .flatMap((deployment) => compareDeployment(pool, deployment, accounts, offered)),
  );
}

/** Accounts that lack a configured deployment: only then does it matter what their region offers. */
function listIncomplete(config: WeirConfig, accounts: readonly GrantedAccount[]): readonly GrantedAccount[] {
  const deployments = config.pools.flatMap((pool) => pool.deployments);
  const lacking = deployments.flatMap((deployment) => {
    const account = findAccount(deployment, accounts);
    return account !== null && findDeployment(deployment, account) === null ? [account] : [];
  });
  return [...new Set(lacking)];
}

async function checkRoles(
  azure: ResourceManager,
  config: WeirConfig,
  accounts: readonly GrantedAccount[],
  place: AppPlace,
  subscriptions: readonly string[],
): Promise<Finding[]> {
  const resources = await readAppResources(azure, place);
  const [app, ...others] = resources.get('Microsoft.Web/sites') ?? [];
  if (app === undefined || others.length > 0) {
    const count = app === undefined ? 'no' : `${others.length + 1}`;
    return [
      problem(
        `${place.resourceGroup} has ${count} Function Apps.`,
        'Name the group of the gateway with --resource-group.',
      ),
    ];
  }
  const principal = await readAppPrincipal(azure, app.id);
  if (principal === null) {
    return [
      problem(
        `${app.name} does not run as one managed identity.`,
        'Deploy the templates: they give it one of its own, to which the roles are assigned.',
      ),
    ];
  }
  const deployments = config.pools.flatMap((pool) => pool.deployments);
  const needed = listNeededRoles(resources, deployments, accounts);
  const held = await readHeldRoles(azure, subscriptions, principal);
  return [ok(`${app.name} runs as one identity, ${principal}`), ...compareRoles(needed, held)];
}
