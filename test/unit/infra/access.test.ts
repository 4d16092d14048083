import { describe, expect, it } from 'vitest';
import roles from '../../../infra/roles.json' with { type: 'json' };
import { rolesByResource } from '../../../tools/weir/azure/compare-roles.ts';
import { at, environments, ofType, onlyOne, type Resource, useCompiledInfra } from './compiled-infra.ts';

const infra = useCompiledInfra();
const roleNames = new Map(Object.entries(roles).map(([name, id]) => [id, name]));
const assignmentType = 'Microsoft.Authorization/roleAssignments';

interface Assignment {
  readonly role: string;
  readonly scopeType: string;
  readonly principal: string;
}

function readAssignment(resource: Resource): Assignment {
  const scope = String(resource['id']).split('/providers/Microsoft.Authorization/roleAssignments/')[0] ?? '';
  const provider = scope.split('/providers/').at(-1) ?? '';
  const [namespace, ...segments] = provider.split('/');
  const roleId =
    String(at(resource, 'properties', 'roleDefinitionId'))
      .split('/')
      .at(-1) ?? '';
  return {
    role: roleNames.get(roleId) ?? roleId,
    scopeType: scope.includes('/providers/')
      ? [namespace, ...segments.filter((_, index) => index % 2 === 0)].join('/')
      : 'a whole group or subscription',
    principal: String(at(resource, 'properties', 'principalId')),
  };
}

describe.each(environments)('access in %s', (name) => {
  it("gives the app's identity these roles on these resources and no others", async () => {
    const compiled = await infra.environment(name);
    const accounts = ofType(compiled, 'Microsoft.CognitiveServices/accounts');
    const found = ofType(compiled, assignmentType).map(readAssignment);
    // What the doctor compares with, so that what it asks for and what is assigned are one.
    const expected = Object.entries(rolesByResource).flatMap(([scopeType, needed]) => {
      const times = scopeType === 'Microsoft.CognitiveServices/accounts' ? accounts : [null];
      return times.flatMap(() => needed.map(({ roleId }) => ({ role: roleNames.get(roleId), scopeType })));
    });
    expect(expected).toHaveLength(4 + accounts.length);
    expect(found.map(({ role, scopeType }) => `${role} on ${scopeType}`).sort()).toEqual(
      expected.map(({ role, scopeType }) => `${role} on ${scopeType}`).sort(),
    );
    for (const { principal } of found) expect(principal).toMatch(/'identity'.*outputs\.principalId\.value\]$/);
  });

  it('runs the app as its user-assigned identity alone', async () => {
    const compiled = await infra.environment(name);
    const site = onlyOne(compiled, 'Microsoft.Web/sites');
    const identity = onlyOne(compiled, 'Microsoft.ManagedIdentity/userAssignedIdentities');
    expect(at(site, 'identity', 'type')).toBe('UserAssigned');
    expect(Object.keys(Object(at(site, 'identity', 'userAssignedIdentities')))).toEqual([identity['id']]);
    const deployment = at(site, 'properties', 'functionAppConfig', 'deployment', 'storage', 'authentication');
    expect(deployment).toEqual({
      type: 'UserAssignedIdentity',
      userAssignedIdentityResourceId: identity['id'],
    });
  });

  it('accepts no key, password or anonymous reader anywhere', async () => {
    const compiled = await infra.environment(name);
    const storage = at(onlyOne(compiled, 'Microsoft.Storage/storageAccounts'), 'properties');
    expect(storage).toMatchObject({
      allowSharedKeyAccess: false,
      allowBlobPublicAccess: false,
      minimumTlsVersion: 'TLS1_2',
      supportsHttpsTrafficOnly: true,
    });
    for (const container of ofType(compiled, 'Microsoft.Storage/storageAccounts/blobServices/containers')) {
      expect(at(container, 'properties', 'publicAccess')).toBe('None');
    }
    for (const account of ofType(compiled, 'Microsoft.CognitiveServices/accounts')) {
      expect(at(account, 'properties', 'disableLocalAuth')).toBe(true);
      expect(at(account, 'properties', 'customSubDomainName')).toBe(account['name']);
    }
    expect(at(onlyOne(compiled, 'Microsoft.Insights/components'), 'properties', 'DisableLocalAuth')).toBe(true);
    expect(
      at(onlyOne(compiled, 'Microsoft.OperationalInsights/workspaces'), 'properties', 'features', 'disableLocalAuth'),
    ).toBe(true);
    const passwords = ofType(compiled, 'Microsoft.Web/sites/basicPublishingCredentialsPolicies');
    expect(passwords.map((policy) => String(policy['name']).split('/').at(-1)).sort()).toEqual(['ftp', 'scm']);
    for (const policy of passwords) expect(at(policy, 'properties', 'allow')).toBe(false);
    expect(at(onlyOne(compiled, 'Microsoft.Web/sites'), 'properties')).toMatchObject({
      httpsOnly: true,
      siteConfig: {
        ftpsState: 'Disabled',
        minTlsVersion: '1.2',
        scmMinTlsVersion: '1.2',
        remoteDebuggingEnabled: false,
      },
    });
  });

  it('gives out no secret', async () => {
    const { outputs } = await infra.environment(name);
    expect(Object.keys(outputs).sort()).toEqual([
      'WEIR_CONFIG_URL',
      'WEIR_CREATED_DEPLOYMENTS',
      'WEIR_EXISTING_DEPLOYMENTS',
      'WEIR_FUNCTION_APP',
      'WEIR_RESOURCE_GROUP',
      'WEIR_STORAGE_ACCOUNT',
      'WEIR_URL',
    ]);
    expect(JSON.stringify(outputs)).not.toMatch(/list[A-Z]\w*\(|key|secret|password|token|connectionString|sig=/i);
  });
});

describe('access', () => {
  it('asks Azure for no key in any template', async () => {
    const { text } = await infra.template();
    expect(text.length).toBeGreaterThan(10_000);
    expect(text).not.toMatch(/\blist(Keys|AccountKeys|AccountSas|ServiceSas|Secrets|\w*Keys)\s*\(/);
    expect(text).not.toMatch(/AccountKey=|SharedAccessSignature|InstrumentationKey=/);
  });

  it('lets the deployer write the configuration container and nothing else', async () => {
    const deployer = '11111111-2222-3333-4444-555555555555';
    const compiled = await infra.changed('env/dev', (text) =>
      text.replace("readEnvironmentVariable('WEIR_DEPLOYER_ID', '')", `'${deployer}'`),
    );
    expect(compiled.diagnostics).toEqual([]);
    const theirs = ofType(compiled, assignmentType).filter((one) => at(one, 'properties', 'principalId') === deployer);
    expect(theirs.map(readAssignment)).toMatchObject([
      {
        role: 'storageBlobDataContributor',
        scopeType: 'Microsoft.Storage/storageAccounts/blobServices/containers',
      },
    ]);
    expect(theirs[0]?.['id']).toContain('/containers/config/');
  });

  it('adds one role to an account that others own, where it lies, and changes nothing of it', async () => {
    const id =
      '/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/shared-ai' +
      '/providers/Microsoft.CognitiveServices/accounts/shared-openai';
    const compiled = await infra.changed('env/dev', (text) =>
      text.replace(
        'param existingAccounts = []',
        `param existingAccounts = [
          {
            name: 'shared'
            resourceId: '${id}'
            deployments: [{ model: 'gpt-4.1-mini', deployment: 'mini' }]
          }
        ]`,
      ),
    );
    expect(compiled.diagnostics).toEqual([]);
    const there = compiled.resources.filter((resource) => String(resource['id']).includes('/shared-ai/'));
    expect(there.map(readAssignment)).toMatchObject([
      { role: 'cognitiveServicesOpenAIUser', scopeType: 'Microsoft.CognitiveServices/accounts' },
    ]);
    expect(there[0]?.['id']).toContain(id);
  });
});
