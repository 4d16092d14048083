import { z } from 'zod';
import type { DeploymentConfig } from '../../../src/core/config/config-schema.ts';
import { findAccount } from './compare-quota.ts';
import { type HeldRole, type NeededRole, rolesByResource } from './compare-roles.ts';
import type { GrantedAccount } from './granted-account.ts';
import { type ResourceManager, ResourceManagerError } from './resource-manager.ts';

/** Where the gateway's own resources are. */
export interface AppPlace {
  readonly subscription: string;
  readonly resourceGroup: string;
}

const resource = z.looseObject({ id: z.string(), name: z.string(), type: z.string() });
const site = z.looseObject({
  name: z.string(),
  identity: z
    .looseObject({
      principalId: z.string().nullish(),
      userAssignedIdentities: z.record(z.string(), z.looseObject({ principalId: z.string() })).nullish(),
    })
    .nullish(),
});
const assignment = z.looseObject({
  properties: z.looseObject({ roleDefinitionId: z.string(), scope: z.string(), principalId: z.string() }),
});
const definition = z.looseObject({ properties: z.looseObject({ roleName: z.string() }) });

/** The gateway's resources by type, such as `Microsoft.Web/sites`. */
export type AppResources = ReadonlyMap<string, readonly { readonly id: string; readonly name: string }[]>;

/** Lists the resources of the gateway's group. */
export async function readAppResources(azure: ResourceManager, place: AppPlace): Promise<AppResources> {
  const path = `/subscriptions/${place.subscription}/resourceGroups/${place.resourceGroup}/resources?api-version=2021-04-01`;
  const found = await azure.list(path, resource);
  return Map.groupBy(found, ({ type }) => type);
}

/** The principal that the Function App runs as; null when it has no identity, or several. */
export async function readAppPrincipal(azure: ResourceManager, siteId: string): Promise<string | null> {
  const { identity } = await azure.read(`${siteId}?api-version=2025-03-01`, site);
  const assigned = Object.values(identity?.userAssignedIdentities ?? {}).map(({ principalId }) => principalId);
  const all = [...assigned, ...(identity?.principalId ? [identity.principalId] : [])];
  return all.length === 1 ? (all[0] ?? null) : null;
}

/** What the app needs for its own resources and for the accounts that the configuration calls with its identity. */
export function listNeededRoles(
  resources: AppResources,
  deployments: readonly DeploymentConfig[],
  accounts: readonly GrantedAccount[],
): NeededRole[] {
  const own = (['Microsoft.Storage/storageAccounts', 'Microsoft.Insights/components'] as const).flatMap((type) =>
    (resources.get(type) ?? []).flatMap(({ id, name }) => needOn(type, id, name)),
  );
  const called = new Set(
    deployments
      .filter(({ apiKeySetting }) => apiKeySetting === null)
      .flatMap((deployment) => findAccount(deployment, accounts) ?? []),
  );
  return [...own, ...[...called].flatMap(({ id, name }) => needOn('Microsoft.CognitiveServices/accounts', id, name))];
}

const kinds = {
  'Microsoft.Storage/storageAccounts': 'the storage account',
  'Microsoft.Insights/components': 'Application Insights',
  'Microsoft.CognitiveServices/accounts': 'the model account',
} as const;

function needOn(type: keyof typeof rolesByResource, resourceId: string, name: string): NeededRole[] {
  return rolesByResource[type].map((role) => ({ ...role, resourceId, resource: `${kinds[type]} ${name}` }));
}

/** Roles of a principal at, above and below the subscriptions, by groups too; each once. */
export async function readHeldRoles(
  azure: ResourceManager,
  subscriptions: readonly string[],
  principalId: string,
): Promise<HeldRole[]> {
  const filter = encodeURIComponent(`assignedTo('${principalId}')`);
  const lists = await Promise.all(
    subscriptions.map((subscription) =>
      azure.list(
        `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=${filter}`,
        assignment,
      ),
    ),
  );
  const distinct = new Map(
    lists
      .flat()
      .map(({ properties: { roleDefinitionId, scope } }) => [
        `${roleDefinitionId} ${scope}`,
        { roleDefinitionId, scope },
      ]),
  );
  return Promise.all(
    [...distinct.values()].map(async ({ roleDefinitionId, scope }) => ({
      roleId: roleDefinitionId.split('/').at(-1) ?? roleDefinitionId,
      roleName: await nameRole(azure, roleDefinitionId),
      scope,
    })),
  );
}

async function nameRole(azure: ResourceManager, roleDefinitionId: string): Promise<string> {
  try {
    return (await azure.read(`${roleDefinitionId}?api-version=2022-04-01`, definition)).properties.roleName;
  } catch (error) {
    if (!(error instanceof ResourceManagerError)) throw error;
    return roleDefinitionId.split('/').at(-1) ?? roleDefinitionId;
  }
}
