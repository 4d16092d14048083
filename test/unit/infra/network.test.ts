import { describe, expect, it } from 'vitest';
import type { CompiledEnvironment } from '../../../tools/infra/compile-environment.ts';
import { inCloud } from '../../../tools/infra/written-settings.ts';
import { at, ofType, onlyOne, useCompiledInfra } from './compiled-infra.ts';

const infra = useCompiledInfra();

function listDoors(compiled: CompiledEnvironment): string[] {
  return ofType(compiled, 'Microsoft.Network/privateEndpoints').map((endpoint) =>
    String(at(endpoint, 'properties', 'privateLinkServiceConnections', 0, 'properties', 'groupIds', 0)),
  );
}

function listPublicAccess(compiled: CompiledEnvironment): unknown[] {
  return [
    ...ofType(compiled, 'Microsoft.Storage/storageAccounts'),
    ...ofType(compiled, 'Microsoft.CognitiveServices/accounts'),
  ].map((resource) => [
    at(resource, 'properties', 'publicNetworkAccess'),
    at(resource, 'properties', 'networkAcls', 'defaultAction'),
  ]);
}

describe('network', () => {
  it.each(['env/test', 'env/prod'] as const)('closes storage and models to the internet in %s', async (name) => {
    const compiled = await infra.environment(name);
    const accounts = ofType(compiled, 'Microsoft.CognitiveServices/accounts');
    for (const access of listPublicAccess(compiled)) expect(access).toEqual(['Disabled', 'Deny']);
    const expected = ['blob', 'queue', 'table', ...accounts.map(() => 'account')];
    if (name === 'env/prod') expected.push('sites');
    expect(listDoors(compiled).sort()).toEqual(expected.sort());
    expect(ofType(compiled, 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups')).toHaveLength(expected.length);
  });

  it('lets the app out through a subnet that is delegated to it', async () => {
    const compiled = await infra.environment('env/prod');
    const network = onlyOne(compiled, 'Microsoft.Network/virtualNetworks');
    const subnets = at(network, 'properties', 'subnets');
    expect(at(subnets, 0, 'properties', 'delegations', 0, 'properties', 'serviceName')).toBe(
      'Microsoft.App/environments',
    );
    expect(at(subnets, 0, 'properties', 'addressPrefix')).toBe('10.82.0.0/25');
    expect(at(subnets, 1, 'properties', 'addressPrefix')).toBe('10.82.0.128/25');
    const site = onlyOne(compiled, 'Microsoft.Web/sites');
    expect(String(at(site, 'properties', 'virtualNetworkSubnetId'))).toContain('privateNetwork');
  });

  it("leaves a way to Entra and Application Insights: Azure's own, or the NAT gateway that is named", async () => {
    const subnet = async (compiled: Promise<CompiledEnvironment>) =>
      at(onlyOne(await compiled, 'Microsoft.Network/virtualNetworks'), 'properties', 'subnets', 0, 'properties');
    expect(await subnet(infra.environment('env/prod'))).toMatchObject({ defaultOutboundAccess: true });
    const id =
      '/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/g/providers/Microsoft.Network/natGateways/n';
    const changed = infra.changed('env/prod', (text) =>
      text.replace("addressPrefix: '10.82.0.0/24'", `addressPrefix: '10.82.0.0/24', natGatewayId: '${id}'`),
    );
    expect(await subnet(changed)).toMatchObject({ defaultOutboundAccess: false, natGateway: { id } });
  });

  it.each(['blob', 'queue', 'table', 'site'])('keeps its doors apart when an account is called %s', async (name) => {
    const compiled = await infra.changed('env/prod', (text) => text.replace("name: 'eastus2'", `name: '${name}'`));
    const doors = ofType(compiled, 'Microsoft.Network/privateEndpoints').map((door) => String(door['name']));
    expect(doors.length).toBeGreaterThan(5);
    expect(new Set(doors).size).toBe(doors.length);
  });

  it('links every private zone to the network', async () => {
    const compiled = await infra.environment('env/prod');
    const zones = ofType(compiled, 'Microsoft.Network/privateDnsZones').map((zone) => inCloud(zone['name']));
    expect(zones.sort()).toEqual([
      'privatelink.azurewebsites.net',
      'privatelink.blob.core.windows.net',
      'privatelink.openai.azure.com',
      'privatelink.queue.core.windows.net',
      'privatelink.table.core.windows.net',
    ]);
    expect(ofType(compiled, 'Microsoft.Network/privateDnsZones/virtualNetworkLinks')).toHaveLength(zones.length);
  });

  it('keeps the gateway reachable in test and only inside the network in production', async () => {
    const access = async (name: 'env/test' | 'env/prod') =>
      at(onlyOne(await infra.environment(name), 'Microsoft.Web/sites'), 'properties', 'publicNetworkAccess');
    expect(await access('env/test')).toBe('Enabled');
    expect(await access('env/prod')).toBe('Disabled');
  });

  it('makes no network where none is asked for', async () => {
    const compiled = await infra.environment('env/dev');
    expect(compiled.resources.filter((one) => String(one['type']).startsWith('Microsoft.Network/'))).toEqual([]);
    for (const access of listPublicAccess(compiled)) expect(access).toEqual(['Enabled', 'Allow']);
  });

  it('opens a private door to an account that others own', async () => {
    const compiled = await infra.changed('env/test', (text) =>
      text.replace(
        'param existingAccounts = []',
        `param existingAccounts = [
          {
            name: 'shared'
            resourceId: '/subscriptions/00000000-0000-0000-0000-00000000000a/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/shared'
            deployments: [{ model: 'gpt-4.1-mini', deployment: 'mini' }]
          }
        ]`,
      ),
    );
    expect(compiled.diagnostics).toEqual([]);
    expect(listDoors(compiled).filter((door) => door === 'account')).toHaveLength(3);
  });
});
