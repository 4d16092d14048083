import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { describeProblems } from '../../../../src/core/config/describe-problems.ts';
import { notYetInForce } from '../../../../src/core/config/not-yet-in-force.ts';
import { parseConfig } from '../../../../src/core/config/parse-config.ts';
import { publishConfigSchema } from '../../../../src/core/config/publish-config-schema.ts';
import { minimalConfig } from './minimal-config.ts';

/** Bends one place of the minimal configuration, by a path such as `pools.0.deployments.1.endpoint`. */
function withValue(path: string, value: unknown): string {
  const document: Record<string, unknown> = minimalConfig();
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  const target = keys.reduce<Record<string, unknown>>((at, key) => {
    at[key] ??= {};
    return at[key] as Record<string, unknown>;
  }, document);
  target[last] = value;
  return JSON.stringify(document);
}

function problemsOf(text: string): string {
  const reading = parseConfig(text);
  if (reading.outcome === 'valid') throw new Error('expected the configuration to be refused');
  return describeProblems(reading.problems);
}

function configOf(text: string) {
  const reading = parseConfig(text);
  if (reading.outcome === 'invalid') throw new Error(describeProblems(reading.problems));
  return reading.config;
}

describe('parseConfig', () => {
  it('applies the defaults of the design', () => {
    const config = configOf(JSON.stringify(minimalConfig()));
    expect(config.limits).toEqual({
      maxQueuedJobs: 1000,
      maxSyncWaitSeconds: 30,
      maxBodyBytes: 1_048_576,
      maxOutputTokens: 4096,
    });
    expect(config.timeouts).toEqual({ connectMs: 5000, firstByteMs: 60_000, totalMs: 600_000 });
    expect(config.retry).toEqual({
      maxAttempts: 12,
      maxRetries: 3,
      baseDelayMs: 1000,
      maxDelayMs: 60_000,
      exponentialBase: 2,
      jitter: true,
    });
    expect(config.routing).toEqual({ loadThreshold: 0.8, spill: ['interactive', 'standard'] });
    expect(config.retention).toEqual({ contentHours: 168, usageMonths: 14 });
    expect(config.pools[0]).toMatchObject({ price: 'gpt-4.1-mini', paused: false });
    expect(config.pools[0]?.endpoints).toEqual(['/v1/chat/completions', '/v1/responses']);
    expect(config.pools[0]?.deployments[0]).toMatchObject({
      priority: 1,
      requestWindowSeconds: 10,
      apiKeySetting: null,
      spill: null,
    });
    expect(config.teams[0]).toMatchObject({
      role: 'team',
      share: 1,
      maxQueuedJobs: 500,
      budget: null,
      tokensPerMinute: null,
    });
  });

  it.each([
    ['pools.0.model', 'text-embedding-3-small', ['/v1/embeddings']],
    ['pools.0.price', 'text-embedding-3-small', ['/v1/embeddings']],
    ['pools.0.endpoints', ['/v1/responses'], ['/v1/responses']],
  ])('knows from %s = %j which operations a pool serves', (path, value, expected) => {
    const document = JSON.parse(withValue(path, value));
    for (const team of document.teams) team.models = [document.pools[0].model];
    expect(configOf(JSON.stringify(document)).pools[0]?.endpoints).toEqual(expected);
  });

  it('reads a monthly budget exactly', () => {
    const config = configOf(withValue('teams.0.budget', { monthlyUsd: '250.10' }));
    expect(config.teams[0]?.budget).toEqual({
      monthlyUsd: '250.10',
      monthlyNanoUsd: 250_100_000_000,
      alertPercents: [50, 80, 100],
      hard: true,
      timeZone: 'Etc/UTC',
    });
  });

  it('names three mistakes of different kinds in one message', () => {
    const document = minimalConfig();
    const [pool] = document.pools;
    const [team] = document.teams;
    pool!.deployments[1]!.endpoint = 'http://example.com';
    team!.models.push('gpt-9');
    const message = problemsOf(JSON.stringify({ ...document, retries: {} }));
    expect(message.split('\n')).toHaveLength(3);
    expect(message).toContain(
      'pools[0].deployments[1].endpoint: received "http://example.com", only https: is allowed except for loopback addresses',
    );
    expect(message).toContain('teams[0].models[1]: no pool serves "gpt-9"; known are gpt-4.1-mini');
    expect(message).toContain('retries: is not a known field');
  });

  it.each([
    ['pools.0.model', 'GPT', 'pools[0].model: received "GPT"'],
    ['pools.0.deployments.0.name', 'a|b', 'pools[0].deployments[0].name'],
    [
      'pools.0.deployments.1.name',
      'eastus',
      'pools[0].deployments[1].name: received the deployment name "eastus" again',
    ],
    ['pools.0.deployments.0.endpoint', 'http://10.0.0.1', 'only https: is allowed'],
    ['pools.0.deployments.0.endpoint', 'http://127.0.0.1.example.com', 'only https: is allowed'],
    ['pools.0.deployments.0.endpoint', 'nonsense', 'received something that is no URL'],
    ['pools.0.deployments.0.sku', 'Gold', 'only one of "Standard", "DataZoneStandard"'],
    [
      'pools.0.deployments.0.tokensPerMinute',
      -1,
      'pools[0].deployments[0].tokensPerMinute: received -1, at least 0 is allowed',
    ],
    ['pools.0.deployments.0.requestsPerMinute', 1.5, 'received 1.5, only a whole number is allowed'],
    ['pools.0.deployments.0.requestWindowSeconds', 5, 'received 5, only one of 1, 10 is allowed'],
    ['pools.0.deployments.0.region', undefined, 'pools[0].deployments[0].region: is missing'],
    ['pools.0.deployments.0.colour', 'red', 'pools[0].deployments[0].colour: is not a known field'],
    ['pools', [], 'pools: received an empty list, at least one pool is needed'],
    ['teams.0.id', 'a/b', 'teams[0].id'],
    ['teams.1.id', 'search', 'teams[1].id: received the team "search" again (first in teams[0].id)'],
    [
      'teams.1.keys',
      [{ sha256: 'a'.repeat(64) }],
      'teams[1].keys[0].sha256: received the same key as teams[0].keys[0].sha256',
    ],
    ['teams.0.fallbackModel', 'gpt-9', 'teams[0].fallbackModel: no pool serves "gpt-9"'],
    ['teams.0.budget', { monthlyUsd: 250 }, 'teams[0].budget.monthlyUsd: received 250, only a string is allowed'],
    ['teams.0.budget', { monthlyUsd: '1e3' }, 'teams[0].budget.monthlyUsd: received "1e3"'],
    ['teams.0.budget', { monthlyUsd: '1', timeZone: 'Mars/Base' }, 'teams[0].budget.timeZone: received "Mars/Base"'],
    ['retry.baseDelayMs', 60_001, 'retry.baseDelayMs'],
    ['retry.maxDelayMs', 500, 'retry.baseDelayMs: received 1000, at most retry.maxDelayMs (500) is allowed'],
    ['identity', { audience: ['api://weir'] }, 'identity.issuer: is missing; without tenantId'],
    [
      'identity',
      { tenantId: '11111111-1111-4111-8111-111111111111', audience: ['a'], roleTeams: { 'Weir.X': 'nobody' } },
      'identity.roleTeams["Weir.X"]: there is no team "nobody"',
    ],
  ])('refuses %s = %j', (path, value, expected) => {
    expect(problemsOf(withValue(path, value))).toContain(expected);
  });

  it.each(['http://127.0.0.1:7072/eastus', 'http://localhost:1', 'http://[::1]:7072', 'http://127.8.9.10'])(
    'accepts %s as loopback',
    (endpoint) => {
      expect(configOf(withValue('pools.0.deployments.0.endpoint', endpoint)).pools[0]?.deployments[0]?.endpoint).toBe(
        endpoint,
      );
    },
  );

  it('never repeats a key that stands where a digest or a setting name belongs', () => {
    const message = problemsOf(withValue('teams.0.keys', [{ sha256: 'weir_secret' }]));
    expect(message).toContain('teams[0].keys[0].sha256');
    expect(message).not.toContain('weir_secret');
    expect(problemsOf(withValue('pools.0.deployments.0.apiKeySetting', 'sk-secret'))).not.toContain('sk-secret');
    expect(problemsOf(withValue('pools.0.deployments.0.endpoint', 'https://me:sk-secret@example.com'))).not.toContain(
      'sk-secret',
    );
  });

  it('tells line and column of a syntax error', () => {
    expect(problemsOf('{\n  "pools": [,]\n}')).toBe('is not JSON: line 2, column 13 is where it stops making sense');
    expect(problemsOf('')).toContain('line 1, column 1');
  });

  it('survives documents that are no object', () => {
    for (const text of ['null', '[]', '3', '"x"']) expect(parseConfig(text).outcome).toBe('invalid');
  });
});

describe('the committed files', () => {
  const read = (name: string) => readFileSync(new URL(`../../../../${name}`, import.meta.url), 'utf8');

  it('hold a valid configuration with two pools in three regions', () => {
    const config = configOf(read('weir.config.json'));
    expect(config.pools.map((pool) => [pool.model, pool.deployments.map((deployment) => deployment.region)])).toEqual([
      ['gpt-4.1-mini', ['eastus', 'westeurope', 'eastasia']],
      ['text-embedding-3-small', ['eastus', 'westeurope', 'eastasia']],
    ]);
  });

  it('hold the JSON Schema that the code publishes', () => {
    expect(JSON.parse(read('weir.config.schema.json'))).toEqual(JSON.parse(publishConfigSchema()));
  });
});

describe('notYetInForce', () => {
  it('names a setting only when the configuration uses it', () => {
    const names = (text: string) => notYetInForce(configOf(text)).map((sentence) => sentence.split(' ')[0]);
    expect(names(JSON.stringify(minimalConfig()))).not.toContain('teams[].cache.exact');
    expect(names(withValue('teams.0.cache', { exact: true }))).toContain('teams[].cache.exact');
    expect(names(withValue('teams.0.fallbackModel', 'gpt-4.1-mini'))).not.toContain('teams[].fallbackModel');
  });
});
