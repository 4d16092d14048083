import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ConfigSource } from '../../../../tools/start/config-source.ts';
import { hashKey } from '../../../../tools/start/local-config.ts';
import { ensureTeamKeys, readTeamKeys } from '../../../../tools/start/team-keys.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-config-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function writeConfig(config: unknown): string {
  const file = join(folder, 'weir.config.json');
  writeFileSync(file, JSON.stringify(config));
  return file;
}

const deployment = {
  name: 'eastus',
  region: 'eastus',
  endpoint: 'http://127.0.0.1:7072/eastus',
  deployment: 'gpt-4.1-mini',
  sku: 'GlobalStandard',
  tokensPerMinute: 100_000,
  requestsPerMinute: 600,
};
const simulated = configFor('http://127.0.0.1:7072/eastus');

function configFor(endpoint: string) {
  return {
    pools: [{ model: 'gpt-4.1-mini', deployments: [{ ...deployment, endpoint }] }],
    teams: [{ id: 'search', keys: [], models: ['gpt-4.1-mini'] }],
  };
}

describe('ConfigSource', () => {
  it('merges new team keys and the real origin into a file of its own', () => {
    const source = new ConfigSource({ file: writeConfig(simulated), mergeKeys: true, folder });
    const prepared = source.prepare('http://127.0.0.1:40001');
    expect(prepared.setting).toBe(join(folder, 'config.json'));
    const written = JSON.parse(readFileSync(prepared.setting, 'utf8'));
    expect(written.pools[0].deployments[0].endpoint).toBe('http://127.0.0.1:40001/eastus');
    expect(written.teams[0].keys).toEqual([{ sha256: hashKey(prepared.keys['search'] ?? '') }]);
  });

  it('gives a named file as it is when nothing has to change in it', () => {
    const file = writeConfig(configFor('https://east.openai.azure.com'));
    const prepared = new ConfigSource({ file, mergeKeys: false, folder }).prepare('http://127.0.0.1:40001');
    expect(prepared).toMatchObject({ setting: file, keys: {} });
  });

  it('rewrites endpoints of a named file but leaves its keys alone', () => {
    const prepared = new ConfigSource({ file: writeConfig(simulated), mergeKeys: false, folder }).prepare(
      'http://127.0.0.1:1',
    );
    expect(JSON.parse(readFileSync(prepared.setting, 'utf8'))).toEqual(configFor('http://127.0.0.1:1/eastus'));
  });

  it('rewrites nothing without a simulator', () => {
    const prepared = new ConfigSource({ file: writeConfig(simulated), mergeKeys: true, folder }).prepare(null);
    expect(readFileSync(prepared.setting, 'utf8')).toContain('http://127.0.0.1:7072/eastus');
  });

  it('names the file and all that is wrong in it, before anything is started', () => {
    const file = writeConfig({ ...configFor('ftp://east'), team: [], limits: { maxQueuedJobs: -1 } });
    expect(() => new ConfigSource({ file, mergeKeys: false, folder })).toThrow(
      /weir\.config\.json has 3 mistakes:(?=[\s\S]*pools\[0\]\.deployments\[0\]\.endpoint)(?=[\s\S]*team:)(?=[\s\S]*limits\.maxQueuedJobs)/,
    );
  });

  it('names the file that a person wrote when it is broken while Weir runs, and leaves the last good one', () => {
    const file = writeConfig(simulated);
    const source = new ConfigSource({ file, mergeKeys: true, folder });
    const { setting } = source.prepare('http://127.0.0.1:1');
    const before = readFileSync(setting, 'utf8');
    writeFileSync(file, '{ "pools": [');
    expect(() => source.prepare('http://127.0.0.1:1')).toThrow(/weir\.config\.json has a mistake:\n {2}is not JSON/);
    expect(readFileSync(setting, 'utf8')).toBe(before);
  });

  it('says which file is missing', () => {
    expect(() => new ConfigSource({ file: join(folder, 'none.json'), mergeKeys: true, folder })).toThrow(/none\.json/);
  });
});

describe('ensureTeamKeys', () => {
  it('makes a key per team, keeps it, and adds one for a new team', () => {
    const first = ensureTeamKeys(folder, ['search']);
    expect(first['search']).toMatch(/^weir_search_[A-Za-z0-9_-]{43}$/);
    const second = ensureTeamKeys(folder, ['search', 'support']);
    expect(second['search']).toBe(first['search']);
    expect(second['support']).toMatch(/^weir_support_/);
    expect(readTeamKeys(folder)).toEqual(second);
  });

  it('keeps the keys readable by their owner alone', () => {
    ensureTeamKeys(folder, ['search']);
    expect(statSync(join(folder, 'keys.json')).mode & 0o777).toBe(0o600);
  });

  it('refuses to overwrite keys that it cannot read', () => {
    writeFileSync(join(folder, 'keys.json'), '{');
    expect(() => ensureTeamKeys(folder, ['search'])).toThrow(/keys\.json/);
    expect(readFileSync(join(folder, 'keys.json'), 'utf8')).toBe('{');
  });
});
