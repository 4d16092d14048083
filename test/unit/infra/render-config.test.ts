import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../../../src/core/config/parse-config.ts';
import { infraDirectory } from '../../../tools/infra/compile-environment.ts';
import { type DeployedModel, readOutputs } from '../../../tools/infra/deployed-model.ts';
import { renderConfig } from '../../../tools/infra/render-config.ts';
import { at, environments, ofType, useCompiledInfra } from './compiled-infra.ts';

const infra = useCompiledInfra();

const deployed: DeployedModel = {
  model: 'gpt-4.1-mini',
  name: 'swedencentral',
  region: 'swedencentral',
  endpoint: 'https://one.openai.azure.com/',
  deployment: 'gpt-4.1-mini',
  sku: 'GlobalStandard',
  capacity: 50,
  priority: 1,
  tokensPerMinute: null,
  requestsPerMinute: null,
  rateLimits: [
    { key: 'request', renewalPeriod: 10, count: 50 },
    { key: 'token', renewalPeriod: 60, count: 50_000 },
  ],
};
const teams = { teams: [{ id: 'search', models: ['gpt-4.1-mini'] }] };

function renderedDeployment(change: Partial<DeployedModel>): unknown {
  const rendered = renderConfig([{ ...deployed, ...change }], teams);
  if (rendered.outcome === 'refused') throw new Error(rendered.problems.join('\n'));
  return at(JSON.parse(rendered.text), 'pools', 0, 'deployments', 0);
}

function problemsOf(change: Partial<DeployedModel>, settings: Record<string, unknown> = teams): string {
  const rendered = renderConfig([{ ...deployed, ...change }], settings);
  return rendered.outcome === 'refused' ? rendered.problems.join('\n') : '';
}

describe('renderConfig', () => {
  it('takes the limits that the service granted, per minute and with its slice', () => {
    expect(renderedDeployment({})).toEqual({
      name: 'swedencentral',
      region: 'swedencentral',
      endpoint: 'https://one.openai.azure.com',
      deployment: 'gpt-4.1-mini',
      sku: 'GlobalStandard',
      priority: 1,
      tokensPerMinute: 50_000,
      requestsPerMinute: 300,
      requestWindowSeconds: 10,
    });
    expect(
      renderedDeployment({
        rateLimits: [
          { key: 'request', renewalPeriod: 1, count: 5 },
          { key: 'token', renewalPeriod: 60, count: 42_000 },
        ],
      }),
    ).toMatchObject({ tokensPerMinute: 42_000, requestsPerMinute: 300, requestWindowSeconds: 1 });
  });

  it('knows thousands of tokens per unit of capacity where the service reports no token limit', () => {
    const rateLimits = [{ key: 'request', renewalPeriod: 10, count: 50 }];
    expect(renderedDeployment({ rateLimits })).toMatchObject({ tokensPerMinute: 50_000 });
    expect(problemsOf({ rateLimits, sku: 'GlobalProvisionedManaged' })).toMatch(/no token limit; set tokensPerMinute/);
  });

  it('refuses to guess a request limit', () => {
    expect(problemsOf({ rateLimits: [] })).toMatch(/no request limit; set requestsPerMinute/);
    expect(renderedDeployment({ rateLimits: [], requestsPerMinute: 120 })).toMatchObject({ requestsPerMinute: 120 });
  });

  it('refuses a limit above the granted one', () => {
    expect(problemsOf({ tokensPerMinute: 60_000 })).toMatch(/tokensPerMinute is 60000, but the service grants 50000/);
    expect(problemsOf({ requestsPerMinute: 301 })).toMatch(/requestsPerMinute is 301, but the service grants 300/);
    expect(renderedDeployment({ tokensPerMinute: 40_000 })).toMatchObject({ tokensPerMinute: 40_000 });
  });

  it('puts the deployments of a model into one pool, in the order of the accounts', () => {
    const others = [
      { ...deployed, model: 'text-embedding-3-small' },
      { ...deployed, name: 'eastus2', region: 'eastus2' },
    ];
    const rendered = renderConfig([deployed, ...others], teams);
    const text = rendered.outcome === 'rendered' ? rendered.text : '';
    const reading = parseConfig(text);
    if (reading.outcome === 'invalid') throw new Error('The configuration is invalid.');
    expect(reading.config.pools.map((pool) => [pool.model, pool.deployments.map(({ name }) => name)])).toEqual([
      ['gpt-4.1-mini', ['swedencentral', 'eastus2']],
      ['text-embedding-3-small', ['swedencentral']],
    ]);
  });

  it('never carries keys, nor pools written by hand', () => {
    const withKeys = { teams: [{ id: 'search', models: [], keys: [{ sha256: 'a'.repeat(64) }] }] };
    expect(problemsOf({}, withKeys)).toMatch(/teams\[0\]\.keys: keys live in their own document/);
    expect(problemsOf({}, { ...teams, pools: [] })).toMatch(/pools: limits are written once/);
  });

  it('refuses what the gateway would refuse, all of it in one go', () => {
    const problems = problemsOf({}, { teams: [{ id: 'Search', models: ['gpt-9'] }], limts: {} });
    expect(problems).toMatch(/teams\[0\]\.id/);
    expect(problems).toMatch(/gpt-9/);
    expect(problems).toMatch(/limts/);
  });
});

describe('readOutputs', () => {
  const plain = {
    WEIR_CONFIG_URL: 'https://one.blob.core.windows.net/config/weir.config.json',
    WEIR_CREATED_DEPLOYMENTS: [[deployed]],
    WEIR_EXISTING_DEPLOYMENTS: [[{ ...deployed, name: 'shared' }]],
  };

  it('reads what az prints and what azd sets alike', () => {
    const fromAz = Object.fromEntries(
      Object.entries(plain).map(([name, value]) => [
        name.replace('WEIR_CREATED', 'weiR_CREATED'),
        { type: 'x', value },
      ]),
    );
    const fromAzd = Object.fromEntries(
      Object.entries(plain).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
    );
    for (const source of [fromAz, { ...fromAzd, PATH: '/bin' }]) {
      const outputs = readOutputs(source);
      expect(outputs.configUrl).toBe(plain.WEIR_CONFIG_URL);
      expect(outputs.deployments.map(({ name }) => name)).toEqual(['swedencentral', 'shared']);
    }
  });

  it('says what is missing', () => {
    expect(() => readOutputs({ WEIR_CONFIG_URL: plain.WEIR_CONFIG_URL })).toThrow(/WEIR_CREATED_DEPLOYMENTS/);
    expect(() => readOutputs({ ...plain, WEIR_CONFIG_URL: 'http://one/config' })).toThrow(/WEIR_CONFIG_URL/);
  });
});

describe.each(environments)('teams file of %s', (name) => {
  it('makes a valid configuration with the deployments of its environment', async () => {
    const compiled = await infra.environment(name);
    const models = ofType(compiled, 'Microsoft.CognitiveServices/accounts/deployments').map((resource) => {
      const [account = '', deployment = ''] = String(resource['name']).split('/');
      const capacity = Number(at(resource, 'sku', 'capacity'));
      return {
        ...deployed,
        model: deployment,
        name: account.slice(0, 40),
        deployment,
        capacity,
        rateLimits: [
          { key: 'request', renewalPeriod: 10, count: capacity },
          { key: 'token', renewalPeriod: 60, count: capacity * 1000 },
        ],
      };
    });
    expect(models.length).toBeGreaterThan(0);
    const text = await readFile(join(infraDirectory, `${name}.teams.json`), 'utf8');
    expect(renderConfig(models, JSON.parse(text))).toMatchObject({ outcome: 'rendered' });
  });
});
