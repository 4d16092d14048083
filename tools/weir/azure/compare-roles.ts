import roles from '../../../infra/roles.json' with { type: 'json' };
import { type Finding, ok, problem, warning } from '../finding.ts';

/** A role that the app's identity holds. */
export interface HeldRole {
  /** Last segment of the role definition's id. */
  readonly roleId: string;
  /** Its name for people; the id where it cannot be read. */
  readonly roleName: string;
  /** Resource id, group or subscription that it holds for. */
  readonly scope: string;
}

/** A role that the app needs on a resource. */
export interface NeededRole {
  readonly roleId: string;
  readonly roleName: string;
  readonly resourceId: string;
  /** Such as "the storage account stweir". */
  readonly resource: string;
}

/** What the app does on each kind of resource, as the templates assign it. */
export const rolesByResource = {
  'Microsoft.Storage/storageAccounts': [
    { roleId: roles.storageBlobDataOwner, roleName: 'Storage Blob Data Owner' },
    { roleId: roles.storageQueueDataContributor, roleName: 'Storage Queue Data Contributor' },
    { roleId: roles.storageTableDataContributor, roleName: 'Storage Table Data Contributor' },
  ],
  'Microsoft.Insights/components': [
    { roleId: roles.monitoringMetricsPublisher, roleName: 'Monitoring Metrics Publisher' },
  ],
  'Microsoft.CognitiveServices/accounts': [
    { roleId: roles.cognitiveServicesOpenAIUser, roleName: 'Cognitive Services OpenAI User' },
  ],
} as const;

/** Roles that allow what a needed one allows, and more. */
const widerThan: Readonly<Record<string, readonly string[]>> = {
  // Cognitive Services OpenAI Contributor, Cognitive Services User
  [roles.cognitiveServicesOpenAIUser]: ['a001fd3d-188f-4b5e-821b-7da978bf7442', 'a97b65f3-24c7-4388-baec-2e87135dc908'],
};

/** Compares what the app's identity may do with what it needs: a missing role, a wider one, one for more than its resource. */
export function compareRoles(needed: readonly NeededRole[], held: readonly HeldRole[]): Finding[] {
  const missing = needed.filter((need) => !held.some((role) => covers(role, need)));
  const excess = held.filter((role) => !needed.some((need) => isExactly(role, need)));
  const findings: Finding[] = [
    ...missing.map(({ roleName, resource }) =>
      problem(
        `The app's identity has no role "${roleName}" on ${resource}.`,
        'Deploy the templates, or assign it by hand; it takes minutes to be known.',
      ),
    ),
    ...excess.map((role) =>
      warning(
        `The app's identity has "${role.roleName}" on ${describeScope(role.scope)}, which is more than it needs.`,
        'Take it away: what Weir needs is assigned on the single resources.',
      ),
    ),
  ];
  if (missing.length === 0) findings.unshift(ok(`The app's identity has the ${needed.length} roles that it needs`));
  return findings;
}

function covers(role: HeldRole, need: NeededRole): boolean {
  const isEnough =
    sameText(role.roleId, need.roleId) || (widerThan[need.roleId] ?? []).includes(role.roleId.toLowerCase());
  return isEnough && isWithin(need.resourceId, role.scope);
}

function isExactly(role: HeldRole, need: NeededRole): boolean {
  return sameText(role.roleId, need.roleId) && sameText(role.scope, need.resourceId);
}

function isWithin(resourceId: string, scope: string): boolean {
  const [inner, outer] = [resourceId.toLowerCase(), scope.toLowerCase().replace(/\/+$/, '')];
  return inner === outer || inner.startsWith(`${outer}/`);
}

function sameText(left: string, right: string): boolean {
  return left.toLowerCase() === right.toLowerCase();
}

function describeScope(scope: string): string {
  const [, , subscription, , group, , , kind, name] = scope.split('/');
  if (scope === '/' || scope.startsWith('/providers/Microsoft.Management/'))
    return 'a management group, so on every subscription in it';
  if (group === undefined) return `the whole subscription ${subscription}`;
  return kind === undefined ? `the whole resource group ${group}` : `${kind} ${name}`;
}
