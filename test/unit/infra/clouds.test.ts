import { describe, expect, it } from 'vitest';
import { readServiceUri } from '../../../src/core/adapters/azure-storage/connection.ts';
import { type Cloud, inCloud, readWrittenSettings } from '../../../tools/infra/written-settings.ts';
import { originFor } from '../../../tools/weir/azure/resource-manager.ts';
import { ofType, useCompiledInfra } from './compiled-infra.ts';

const infra = useCompiledInfra();

interface Expected extends Cloud {
  readonly modelScope: string;
  readonly resourceManager: string;
  readonly zones: readonly string[];
}

const clouds: readonly Expected[] = [
  {
    name: 'AzureCloud',
    storageSuffix: 'core.windows.net',
    modelScope: 'https://cognitiveservices.azure.com/.default',
    resourceManager: 'https://management.azure.com',
    zones: ['privatelink.azurewebsites.net', 'privatelink.openai.azure.com'],
  },
  {
    name: 'AzureUSGovernment',
    storageSuffix: 'core.usgovcloudapi.net',
    modelScope: 'https://cognitiveservices.azure.us/.default',
    resourceManager: 'https://management.usgovcloudapi.net',
    zones: ['privatelink.azurewebsites.us', 'privatelink.openai.azure.us'],
  },
];

describe.each(clouds)('in $name', (cloud) => {
  it('host and app are given the addresses of storage in that cloud', async () => {
    const settings = readWrittenSettings(await infra.environment('env/prod'), cloud);
    for (const service of ['blob', 'queue', 'table'] as const) {
      expect(readServiceUri(settings, service)).toMatch(/^https:\/\/stweir[a-z0-9]+\./);
      expect(new URL(readServiceUri(settings, service)).host.split('.').slice(1).join('.')).toBe(
        `${service}.${cloud.storageSuffix}`,
      );
    }
    // From a name both would make an address in the public cloud.
    expect(Object.keys(settings)).not.toContain('AzureWebJobsStorage__accountName');
  });

  it('tokens for models and for the doctor are asked of that cloud', async () => {
    const scope = readWrittenSettings(await infra.environment('env/prod'), cloud)['WEIR_OPENAI_SCOPE'];
    expect(scope).toBe(cloud.modelScope);
    expect(originFor(scope)).toBe(cloud.resourceManager);
  });

  it('private zones carry the names that the services have there', async () => {
    const compiled = await infra.environment('env/prod');
    const zones = ofType(compiled, 'Microsoft.Network/privateDnsZones').map((zone) => inCloud(zone['name'], cloud));
    const ofStorage = ['blob', 'queue', 'table'].map((service) => `privatelink.${service}.${cloud.storageSuffix}`);
    expect(zones.sort()).toEqual([...ofStorage, ...cloud.zones].sort());
  });
});

describe('templates', () => {
  it('write no address of a cloud that they could ask for', async () => {
    const { text } = await infra.template();
    expect(text).not.toMatch(/core\.(windows|usgovcloudapi)\.net|login\.microsoftonline/);
  });
});
