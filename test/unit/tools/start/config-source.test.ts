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

const simulated = {
  pools: [{ deployments: [{ endpoint: 'http://127.0.0.1:7072/eastus' }] }],
  teams: [{ id: 'search', keys: [] }],
};

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
    const file = writeConfig({ pools: [], teams: [{ id: 'search', keys: [] }] });
    const prepared = new ConfigSource({ file, mergeKeys: false, folder }).prepare('http://127.0.0.1:40001');
    expect(prepared).toMatchObject({ setting: file, keys: {} });
  });

  it('rewrites endpoints of a named file but leaves its keys alone', () => {
    const prepared = new ConfigSource({ file: writeConfig(simulated), mergeKeys: false, folder }).prepare(
      'http://127.0.0.1:1',
    );
    expect(JSON.parse(readFileSync(prepared.setting, 'utf8'))).toEqual({
      ...simulated,
      pools: [{ deployments: [{ endpoint: 'http://127.0.0.1:1/eastus' }] }],
    });
  });

  it('rewrites nothing without a simulator', () => {
    const prepared = new ConfigSource({ file: writeConfig(simulated), mergeKeys: true, folder }).prepare(null);
    expect(readFileSync(prepared.setting, 'utf8')).toContain('http://127.0.0.1:7072/eastus');
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
