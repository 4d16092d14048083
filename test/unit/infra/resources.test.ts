import { describe, expect, it } from 'vitest';
import layout from '../../../infra/storage-layout.json' with { type: 'json' };
import { contentContainer, queueNames, tableNames } from '../../../src/core/adapters/azure-storage/storage-names.ts';
import { readAppSettings, settingNames } from '../../../src/core/app-settings.ts';
import { readWrittenSettings } from '../../../tools/infra/written-settings.ts';
import { at, environments, namesOf, ofType, onlyOne, useCompiledInfra } from './compiled-infra.ts';

const infra = useCompiledInfra();

// Read by the code, but not the templates' to write: the platform sets the first two, the third has its default.
const leftAlone = ['WEBSITE_AUTH_ENABLED', 'WEBSITE_INSTANCE_ID', 'WEIR_LOG_LEVEL'];
// Read by the host alone.
const ofTheHost = ['AzureWebJobsDisableHomepage'];
const storageConnection = [
  'AzureWebJobsStorage__blobServiceUri',
  'AzureWebJobsStorage__clientId',
  'AzureWebJobsStorage__credential',
  'AzureWebJobsStorage__queueServiceUri',
  'AzureWebJobsStorage__tableServiceUri',
];

describe.each(environments)('resources of %s', (name) => {
  it('compiles without a single diagnostic', async () => {
    const { diagnostics, resources } = await infra.environment(name);
    expect(diagnostics).toEqual([]);
    expect(resources.length).toBeGreaterThan(40);
  });

  it('writes the settings that the code reads, with values that it accepts', async () => {
    const compiled = await infra.environment(name);
    const settings = readWrittenSettings(compiled);
    const written = Object.keys(settings);
    const read = [...settingNames, ...storageConnection, ...ofTheHost].filter((key) => !leftAlone.includes(key));
    expect(written.sort()).toEqual(read.sort());
    const values = readAppSettings(settings);
    expect(values).toMatchObject({
      WEIR_CONFIG: 'blob:config/weir.config.json',
      WEIR_KEYS: 'blob:config/weir.keys.json',
      WEIR_OPENAI_SCOPE: 'https://cognitiveservices.azure.com/.default',
    });
    // A job whose worker died is claimed again within 90 seconds: a lease, then at most one sweep later.
    expect(values.WEIR_LEASE_SECONDS).toBeLessThanOrEqual(75);
    // What nobody works on at night need not be tested every five seconds: each look is paid.
    const isSmall = name === 'main' || name === 'env/dev';
    expect(values.WEIR_PROBE_SCHEDULE).toBe(isSmall ? '0 * * * * *' : '*/5 * * * * *');
  });

  it('makes the tables, queues and containers that the code opens', async () => {
    const compiled = await infra.environment(name);
    const queues = Object.values(queueNames);
    expect(namesOf(ofType(compiled, 'Microsoft.Storage/storageAccounts/tableServices/tables'))).toEqual(
      Object.values(tableNames).sort(),
    );
    expect(namesOf(ofType(compiled, 'Microsoft.Storage/storageAccounts/queueServices/queues'))).toEqual(
      [...queues, ...queues.map((queue) => `${queue}-poison`)].sort(),
    );
    const containers = namesOf(ofType(compiled, 'Microsoft.Storage/storageAccounts/blobServices/containers'));
    expect(containers).toEqual(['config', contentContainer, 'package'].sort());
    expect([layout.configContainer, layout.packageContainer]).toEqual(['config', 'package']);
  });

  it('runs Node 24 on Flex Consumption within its bounds', async () => {
    const compiled = await infra.environment(name);
    expect(at(onlyOne(compiled, 'Microsoft.Web/serverfarms'), 'sku')).toEqual({ tier: 'FlexConsumption', name: 'FC1' });
    const config = at(onlyOne(compiled, 'Microsoft.Web/sites'), 'properties', 'functionAppConfig');
    expect(at(config, 'runtime')).toEqual({ name: 'node', version: '24' });
    const most = Number(at(config, 'scaleAndConcurrency', 'maximumInstanceCount'));
    expect(most).toBeGreaterThanOrEqual(40);
    expect(most).toBeLessThanOrEqual(1000);
    // Waiting callers (wait=30) hold a place each and do nothing: 16, the platform's own number, would be full of them.
    expect(at(config, 'scaleAndConcurrency', 'triggers', 'http', 'perInstanceConcurrency')).toBe(100);
    expect(at(config, 'scaleAndConcurrency', 'alwaysReady')).toEqual(
      name === 'env/prod' ? [{ name: 'http', instanceCount: 1 }] : [],
    );
  });

  it('pins every model version and keeps its limits as deployed', async () => {
    const compiled = await infra.environment(name);
    const deployments = ofType(compiled, 'Microsoft.CognitiveServices/accounts/deployments');
    expect(deployments.length).toBeGreaterThan(0);
    for (const deployment of deployments) {
      expect(at(deployment, 'properties', 'model', 'version')).toMatch(/\S/);
      expect(at(deployment, 'properties', 'versionUpgradeOption')).toBe('NoAutoUpgrade');
      expect(at(deployment, 'sku', 'capacity')).toBeGreaterThan(0);
    }
  });

  it('tags everything that takes tags, and puts the environment into the names', async () => {
    const compiled = await infra.environment(name);
    const group = onlyOne(compiled, 'Microsoft.Resources/resourceGroups');
    const short = String(at(group, 'tags', 'azd-env-name'));
    expect(group['name']).toBe(`rg-weir-${short}`);
    const located = compiled.resources.filter((resource) => resource['location'] !== undefined);
    expect(located.length).toBeGreaterThan(10);
    for (const resource of located) {
      expect(at(resource, 'tags'), String(resource['id'])).toMatchObject({
        'azd-env-name': short,
        application: 'weir',
      });
    }
    expect(at(onlyOne(compiled, 'Microsoft.Web/sites'), 'tags', 'azd-service-name')).toBe('api');
  });

  it('sends logs of the app, the models and the blobs to the workspace', async () => {
    const compiled = await infra.environment(name);
    const workspace = onlyOne(compiled, 'Microsoft.OperationalInsights/workspaces')['id'];
    const settings = ofType(compiled, 'Microsoft.Insights/diagnosticSettings');
    const accounts = ofType(compiled, 'Microsoft.CognitiveServices/accounts');
    expect(settings).toHaveLength(4 + accounts.length);
    for (const setting of settings) {
      // Where a module only hands the id on, the prediction keeps the expression that reads it.
      expect([workspace, expect.stringContaining('outputs.workspaceId')]).toContainEqual(
        at(setting, 'properties', 'workspaceId'),
      );
      const categories = Object.values(Object(at(setting, 'properties', 'logs') ?? [])).map((log) =>
        at(log, 'category'),
      );
      expect(categories, 'Trace may hold prompts').not.toContain('Trace');
    }
  });

  it('watches the money and names who hears of trouble', async () => {
    const compiled = await infra.environment(name);
    const budget = at(onlyOne(compiled, 'Microsoft.Consumption/budgets'), 'properties');
    expect(Number(at(budget, 'amount'))).toBeGreaterThan(0);
    expect(String(at(budget, 'timePeriod', 'startDate'))).toMatch(/^\d{4}-\d{2}-01$/);
    expect(Object.keys(Object(at(budget, 'notifications')))).toEqual(['actual-80', 'actual-100', 'forecast-100']);
    expect(ofType(compiled, 'Microsoft.Insights/actionGroups')).toHaveLength(1);
    expect(ofType(compiled, 'Microsoft.Insights/workbooks')).toHaveLength(1);
  });
});

describe('addresses for alerts', () => {
  it('may be written with blanks, and none is made of nothing', async () => {
    const compiled = await infra.changed('env/dev', (text) =>
      text.replace("readEnvironmentVariable('WEIR_ALERT_EMAILS', '')", "' a@example.com, b@example.com,,'"),
    );
    const receivers = at(onlyOne(compiled, 'Microsoft.Insights/actionGroups'), 'properties', 'emailReceivers');
    expect(Object.values(Object(receivers)).map((one) => at(one, 'emailAddress'))).toEqual([
      'a@example.com',
      'b@example.com',
    ]);
    const none = await infra.environment('env/dev');
    expect(at(onlyOne(none, 'Microsoft.Insights/actionGroups'), 'properties', 'emailReceivers')).toEqual([]);
  });
});

describe('templates', () => {
  it('changes deployments of one account one after the other', async () => {
    const { text, diagnostics } = await infra.template();
    expect(diagnostics).toEqual([]);
    const copies: unknown[] = [];
    JSON.parse(text, (_, value: unknown) => {
      const isDeployment = at(value, 'type') === 'Microsoft.CognitiveServices/accounts/deployments';
      if (isDeployment && at(value, 'existing') !== true) copies.push(at(value, 'copy'));
      return value;
    });
    expect(copies).toMatchObject([{ mode: 'serial', batchSize: 1 }]);
  });
});
