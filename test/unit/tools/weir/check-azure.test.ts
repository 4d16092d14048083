import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import roles from '../../../../infra/roles.json' with { type: 'json' };
import { ResourceManager } from '../../../../tools/weir/azure/resource-manager.ts';
import { checkAzure } from '../../../../tools/weir/check-azure.ts';
import { FakeResourceManager } from '../../../support/fake-resource-manager.ts';
import { ListeningServer } from '../../../support/listening-server.ts';
import { exampleConfig } from '../../core/config/example.ts';

const subscription = '11111111-1111-4111-8111-111111111111';
const group = `/subscriptions/${subscription}/resourceGroups/rg-weir-dev`;
const site = `${group}/providers/Microsoft.Web/sites/func-weir`;
const storage = `${group}/providers/Microsoft.Storage/storageAccounts/stweir`;
const insights = `${group}/providers/Microsoft.Insights/components/appi-weir`;
const account = `${group}/providers/Microsoft.CognitiveServices/accounts/oai-weir`;
const principal = '22222222-2222-4222-8222-222222222222';
const identityId = `${group}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-weir`;
const places = { subscriptions: [subscription], resourceGroup: 'rg-weir-dev' } as const;

const deployment = (changes: Readonly<Record<string, unknown>> = {}) => ({
  name: 'gpt-4.1-mini',
  sku: { name: 'GlobalStandard', capacity: 100 },
  properties: {
    model: { format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' },
    provisioningState: 'Succeeded',
    rateLimits: [
      { key: 'request', renewalPeriod: 10, count: 100 },
      { key: 'token', renewalPeriod: 60, count: 100_000 },
    ],
  },
  ...changes,
});
const properties = (changes: Readonly<Record<string, unknown>>) => ({
  properties: { ...deployment().properties, ...changes },
});
const configured = (changes: Readonly<Record<string, unknown>> = {}) =>
  exampleConfig({
    pools: [
      {
        model: 'gpt-4.1-mini',
        deployments: [
          {
            name: 'sweden',
            region: 'swedencentral',
            endpoint: 'https://oai-weir.openai.azure.com',
            deployment: 'gpt-4.1-mini',
            sku: 'GlobalStandard',
            tokensPerMinute: 100_000,
            requestsPerMinute: 600,
            ...changes,
          },
        ],
      },
    ],
  });

let fake: FakeResourceManager;
const put = (path: string, value: unknown) => fake.resources.set(path.toLowerCase(), value);
const deploy = (...deployments: readonly unknown[]) => put(`${account}/deployments`, deployments);
const hold = (...held: readonly [roleId: string, scope: string][]) =>
  put(
    `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleAssignments`,
    held.map(([roleId, scope]) => ({
      properties: {
        scope,
        principalId: principal,
        roleDefinitionId: `/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${roleId}`,
      },
    })),
  );
const right = [
  [roles.storageBlobDataOwner, storage],
  [roles.storageQueueDataContributor, storage],
  [roles.storageTableDataContributor, storage],
  [roles.monitoringMetricsPublisher, insights],
  [roles.cognitiveServicesOpenAIUser, account],
] as const satisfies readonly [string, string][];
const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';

beforeEach(async () => {
  fake = await FakeResourceManager.start();
  put(`/subscriptions/${subscription}/resources`, [{ id: account }]);
  put(account, {
    id: account,
    name: 'oai-weir',
    location: 'swedencentral',
    properties: { endpoint: 'https://oai-weir.openai.azure.com/' },
  });
  deploy(deployment(), deployment({ name: 'other' }));
  put(`${group}/resources`, [
    { id: site, name: 'func-weir', type: 'Microsoft.Web/sites' },
    { id: storage, name: 'stweir', type: 'Microsoft.Storage/storageAccounts' },
    { id: insights, name: 'appi-weir', type: 'Microsoft.Insights/components' },
  ]);
  put(site, {
    name: 'func-weir',
    identity: { type: 'UserAssigned', userAssignedIdentities: { [identityId]: { principalId: principal } } },
  });
  hold(...right);
  put(`/subscriptions/${subscription}/providers/Microsoft.Authorization/roleDefinitions/${owner}`, {
    properties: { roleName: 'Owner' },
  });
});

afterEach(async () => fake.stop());

/** What is wrong, one line each, with what to do about it. */
async function find(config = configured(), azure = fake.azure): Promise<string> {
  const found = await checkAzure(azure, config, places);
  const wrong = found.filter(({ status }) => status === 'problem' || status === 'warning');
  for (const { fix } of wrong) expect(fix).toMatch(/\S/);
  return wrong.map(({ status, message, fix }) => `${status}: ${message} → ${fix}`).join('\n');
}

describe('the doctor on quota and roles', () => {
  it('finds nothing where Azure granted what is configured, and says what it compared', async () => {
    expect(await find()).toBe('');
    const found = await checkAzure(fake.azure, configured(), places);
    expect(found.map(({ message }) => message)).toEqual([
      'gpt-4.1-mini by sweden uses 100000 of 100000 tokens and 600 of 600 requests a minute that Azure grants',
      `func-weir runs as one identity, ${principal}`,
      "The app's identity has the 5 roles that it needs",
    ]);
  });

  it.each<[string, Readonly<Record<string, unknown>>, RegExp]>([
    ['too many tokens', { tokensPerMinute: 100_001 }, /^problem: .*tokensPerMinute is 100001, Azure grants 100000/],
    ['too many requests', { requestsPerMinute: 601 }, /^problem: .*requestsPerMinute is 601, Azure grants 600/],
    ['another SKU', { sku: 'Standard' }, /^problem: .*sku is Standard here and GlobalStandard in Azure/],
    [
      'a missing deployment',
      { deployment: 'gone' },
      /^problem: .*the account oai-weir has no deployment "gone", only: gpt-4.1-mini, other\. → Deploy it/,
    ],
    [
      'an account of nobody',
      { endpoint: 'https://elsewhere.openai.azure.com' },
      /^warning: .*none of the accounts .* has the endpoint https:\/\/elsewhere/,
    ],
  ])('names %s', async (_what, changes, expected) => {
    put(`/subscriptions/${subscription}/providers/Microsoft.CognitiveServices/locations/swedencentral/models`, [
      { model: { name: 'gpt-4.1-mini' } },
    ]);
    if (changes['endpoint'] !== undefined) hold(...right.slice(0, 4));
    expect(await find(configured(changes))).toMatch(expected);
  });

  it.each<[string, unknown, RegExp]>([
    [
      'fewer tokens by capacity alone',
      deployment({ sku: { name: 'GlobalStandard', capacity: 99 }, ...properties({ rateLimits: [] }) }),
      /tokensPerMinute is 100000, Azure grants 99000/,
    ],
    [
      'another model',
      deployment(properties({ model: { name: 'gpt-4o' } })),
      /^warning: .* runs gpt-4o and is priced as gpt-4.1-mini/,
    ],
    [
      'a deployment under way',
      deployment(properties({ provisioningState: 'Updating' })),
      /^warning: .* is Updating in Azure/,
    ],
    [
      'slices of a second',
      deployment(
        properties({
          rateLimits: [
            { key: 'request', renewalPeriod: 1, count: 10 },
            { key: 'token', renewalPeriod: 60, count: 100_000 },
          ],
        }),
      ),
      /^warning: .*slices of 1 s, requestWindowSeconds is 10/,
    ],
  ])('names %s', async (_what, granted, expected) => {
    deploy(granted);
    expect(await find()).toMatch(expected);
  });

  it('says when the region does not offer the model that is missing', async () => {
    deploy();
    put(`/subscriptions/${subscription}/providers/Microsoft.CognitiveServices/locations/swedencentral/models`, [
      { model: { name: 'gpt-4o' } },
    ]);
    expect(await find()).toMatch(/only: none\. → swedencentral does not offer gpt-4.1-mini to this subscription/);
  });

  it('compares no tokens with units of provisioned throughput', async () => {
    const sku = { name: 'ProvisionedManaged', capacity: 25 };
    deploy(deployment({ sku, ...properties({ rateLimits: null }) }));
    expect(await find(configured({ sku: 'ProvisionedManaged', tokensPerMinute: 900_000 }))).toBe('');
  });

  it.each(right.map(([roleId, scope], index) => [roleId, scope, index] as const))(
    'names a role that is missing: %s on %s',
    async (_roleId, scope, index) => {
      hold(...right.filter((_, other) => other !== index));
      expect(await find()).toMatch(
        new RegExp(`^problem: The app's identity has no role ".+" on .+ ${scope.split('/').at(-1)}\\.`),
      );
    },
  );

  it('counts a role on the group as held and names it as too wide', async () => {
    hold(...right.slice(1), [roles.storageBlobDataOwner, group]);
    expect(await find()).toMatch(/^warning: .* on the whole resource group rg-weir-dev, which is more than it needs/);
  });

  it.each([
    [
      'a role that nothing here needs',
      [...right, [owner, `/subscriptions/${subscription}`]],
      /^warning: .*has "Owner" on the whole subscription/,
    ],
    [
      'a role that may more',
      [...right.slice(0, 4), ['a001fd3d-188f-4b5e-821b-7da978bf7442', account]],
      /^warning: .*a001fd3d.* on accounts oai-weir/,
    ],
  ] as const)('names %s', async (_what, held, expected) => {
    hold(...held.map(([roleId, scope]) => [roleId, scope] as [string, string]));
    expect(await find()).toMatch(expected);
  });

  it('names an app without an identity', async () => {
    put(site, { name: 'func-weir', identity: null });
    expect(await find()).toMatch(/^problem: func-weir does not run as one managed identity/);
  });

  it('asks for no role on accounts that are called with a key', async () => {
    hold(...right.slice(0, 4));
    expect(await find(configured({ apiKeySetting: 'WEIR_KEY_OF_SWEDEN' }))).toBe('');
  });

  it('says what right is missing when it may not read', async () => {
    fake.refused.set(`${account}/deployments`.toLowerCase(), 403);
    expect(await find()).toMatch(/^warning: You may not read all of it: .* → Have Reader/);
  });

  it('says when nobody is signed in, and when nothing answers', async () => {
    const stranger = new ResourceManager({ origin: fake.server.url, token: async () => 'none' });
    expect(await find(configured(), stranger)).toMatch(/^problem: Resource Manager refuses your sign-in/);
    const signedOut = new ResourceManager({
      origin: fake.server.url,
      token: async () => Promise.reject(new Error('Please run az login.')),
    });
    expect(await find(configured(), signedOut)).toMatch(
      /refuses your sign-in: No token can be had: Please run az login\./,
    );
    const nobody = new ResourceManager({ origin: 'http://127.0.0.1:1', token: async () => 'none' });
    expect(await find(configured(), nobody)).toMatch(/^problem: Resource Manager cannot be asked/);
  });

  it('writes nothing, and takes its token to no other address', async () => {
    await find();
    expect(new Set(fake.server.seen.map(({ method }) => method))).toEqual(new Set(['GET']));
    const thief = await ListeningServer.start(() => ({ body: { value: [] } }));
    try {
      fake.server.answer = () => ({ body: { value: [], nextLink: `${thief.url}/more?api-version=1` } });
      expect(await find()).toMatch(/names a next page at another address/);
      expect(thief.seen).toEqual([]);
    } finally {
      await thief.stop();
    }
  });
});
