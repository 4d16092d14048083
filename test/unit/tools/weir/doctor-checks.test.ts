import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ResourceManager } from '../../../../tools/weir/azure/resource-manager.ts';
import { checkClock } from '../../../../tools/weir/check-clock.ts';
import { checkConfiguration } from '../../../../tools/weir/check-configuration.ts';
import { checkIdentity } from '../../../../tools/weir/check-identity.ts';
import { checkKeys } from '../../../../tools/weir/check-keys.ts';
import { checkPrices } from '../../../../tools/weir/check-prices.ts';
import { runDoctorCommand } from '../../../../tools/weir/doctor-command.ts';
import { ok, problem, renderSection, summarise, warning } from '../../../../tools/weir/finding.ts';
import { chooseKey, isMeant } from '../../../../tools/weir/local-run.ts';
import { exampleConfig } from '../../core/config/example.ts';
import { minimalConfig } from '../../core/config/minimal-config.ts';

const now = Date.parse('2026-11-23T12:00:00Z');
const [pool] = minimalConfig().pools;
if (pool === undefined) throw new Error('The minimal configuration has a pool');
const [deployment] = pool.deployments;
const distinct = { ...deployment, deployment: 'chat-1' };

function findings(sections: Readonly<Record<string, unknown>>): string {
  const found = checkConfiguration(exampleConfig(sections), { nowMs: now });
  return found
    .filter(({ status }) => status === 'warning' || status === 'problem')
    .map(({ status, message }) => `${status}: ${message}`)
    .join('\n');
}

const onePool = (...deployments: readonly Readonly<Record<string, unknown>>[]) => ({
  pools: [{ model: 'gpt-4.1-mini', deployments }],
});
const team = { id: 'search', keys: [{ sha256: 'a'.repeat(64) }], models: ['gpt-4.1-mini'] };
const operator = { id: 'platform', keys: [{ sha256: 'b'.repeat(64) }], role: 'operator' };

describe('the doctor on a configuration', () => {
  it('finds nothing in one that is in order', () => {
    const budget = { monthlyUsd: '10.00', alertPercents: [] };
    expect(findings({ ...onePool(distinct), teams: [{ ...team, budget }, operator] })).toBe('');
  });

  it.each<[string, Readonly<Record<string, unknown>>, string]>([
    ['quota counted twice', {}, 'problem: gpt-4.1-mini by westeurope and gpt-4.1-mini by eastus are the same'],
    ['a foreign host', onePool({ ...distinct, endpoint: 'https://example.com' }), 'example.com is no address'],
    ['a host that only ends alike', onePool({ ...distinct, endpoint: 'https://evilopenai.azure.com' }), 'no address'],
    ['a simulator', onePool({ ...distinct, endpoint: 'http://127.0.0.1:7072/x' }), '1 deployment on this machine'],
    ['more requests than sold', onePool({ ...distinct, requestsPerMinute: 601 }), '601 requests to 100000 tokens'],
    ['too few tokens for one answer', onePool({ ...distinct, tokensPerMinute: 4000, requestsPerMinute: 6 }), '4096'],
    ['a model without a price', { pools: [{ model: 'gpt-9', deployments: [distinct] }], teams: [operator] }, 'gpt-9'],
    ['a paused pool', { pools: [{ model: 'gpt-4.1-mini', paused: true, deployments: [distinct] }] }, 'is paused'],
    [
      'provisioned capacity that comes second',
      onePool(distinct, { ...distinct, name: 'ptu', deployment: 'ptu', sku: 'ProvisionedManaged', priority: 2 }),
      'by ptu is provisioned',
    ],
    ['a team that nobody can be', { teams: [{ ...team, keys: [] }] }, 'Nobody can be the team search'],
    ['a team without a budget', { teams: [team] }, 'search has no budget'],
    ['a team without models', { teams: [{ ...team, models: [] }] }, 'search may use no model'],
    ['no operator', { teams: [team] }, 'There is no operator'],
  ])('names %s', (_what, sections, expected) => {
    expect(findings(sections)).toContain(expected);
  });

  it('says how old a price is, and when nobody has looked at it for long', () => {
    const config = exampleConfig({ ...onePool(distinct), teams: [team, operator] });
    const told = (at: string) =>
      checkPrices(config, Date.parse(at)).map(({ status, message }) => `${status}: ${message}`);
    expect(told('2026-11-28')).toEqual([expect.stringMatching(/^ok: .*gpt-4\.1-mini, is that of 2026-08-05$/)]);
    expect(told('2028-08-05')).toEqual(['warning: The price of gpt-4.1-mini is that of 2026-08-05, 731 days ago.']);
  });

  it('counts a role as a way in', () => {
    const identity = { tenantId: '22222222-2222-4222-8222-222222222222', audience: ['a'], roleTeams: { R: 'search' } };
    expect(findings({ teams: [{ ...team, keys: [] }], identity })).not.toContain('Nobody can be');
  });
});

describe('the doctor on keys', () => {
  const config = exampleConfig();
  const key = { team: 'search', sha256: 'c'.repeat(64), name: 'k', createdAt: '2026-11-01T00:00:00Z' };
  const told = (keys: Parameters<typeof checkKeys>[1]) =>
    checkKeys(config, keys, now)
      .slice(1)
      .map(({ status, message }) => `${status}: ${message}`);

  it('has nothing to say about young keys of known teams', () => {
    expect(told([key])).toEqual([]);
  });

  it.each([
    ['a key of no team', [{ ...key, team: 'gone' }], 'warning: Key of gone'],
    ["another team's key", [{ ...key, sha256: 'b'.repeat(64) }], 'problem: Key of search'],
    ['an old key', [{ ...key, createdAt: '2026-05-01T00:00:00Z' }], '206 days old'],
    [
      'a rotation left half done',
      [1, 2].map((digit) => ({ ...key, sha256: `${digit}`.repeat(64), createdAt: '2026-10-01T00:00:00Z' })),
      'a rotation was not finished',
    ],
  ])('names %s', (_what, keys, expected) => {
    expect(told(keys).join('\n')).toContain(expected);
  });
});

describe('the doctor on clocks', () => {
  const answer = (offsetMs: number) => ({ dateMs: now + offsetMs, sentAtMs: now + 500, receivedAtMs: now + 540 });
  it.each([
    [0, 'ok', 'agrees'],
    [3000, 'ok', 'off'],
    [90_000, 'warning', 'behind'],
    [-90_000, 'warning', 'ahead of'],
  ])('judges an offset of %d ms', (offsetMs, status, word) => {
    const finding = checkClock('The clock', [answer(offsetMs)]);
    expect(finding.status).toBe(status);
    expect(finding.message).toContain(word);
  });

  it('says nothing of a clock that it could not compare', () => {
    expect(checkClock('The clock', []).status).toBe('skipped');
  });
});

describe('the doctor beside a local Weir', () => {
  const run = {
    baseUrl: 'http://127.0.0.1:7071',
    keys: { search: 'key-s', platform: 'key-p' },
    storageConnectionString: '',
    configSetting: 'config.json',
  };

  it.each([
    [true, {}, {}],
    [true, { url: 'http://localhost:7071/' }, { WEIR_CONFIG: 'x' }],
    [false, { url: 'http://127.0.0.1:7072' }, {}],
    [false, { url: 'https://weir.example:7071' }, {}],
    [false, { config: 'prod.json' }, {}],
    [false, { account: 'prod' }, {}],
    [false, {}, { WEIR_CONFIG: 'x' }],
    [false, {}, { AzureWebJobsStorage__accountName: 'prod' }],
  ])('means it: %s for %j and %j', (expected, named, environment) => {
    expect(isMeant(run, named, environment)).toBe(expected);
  });

  it("asks with the operator's key", () => {
    expect(chooseKey(run, exampleConfig({ teams: [team, operator] }))).toBe('key-p');
    expect(chooseKey(run, null)).toBe('key-s');
  });

  it('warns neither of simulated regions nor of a key that the launcher drew', async () => {
    const local = { ...distinct, endpoint: 'http://127.0.0.1:7072/x', apiKeySetting: 'WEIR_LOCAL_KEY' };
    const config = exampleConfig({
      ...onePool(local),
      teams: [{ ...team, budget: { monthlyUsd: '10.00', alertPercents: [] } }, operator],
    });
    const found = [
      ...checkConfiguration(config, { nowMs: now, isLocalRun: true }),
      ...(await checkIdentity(config, {}, true)),
    ];
    expect(found.filter(({ status }) => status === 'warning' || status === 'problem')).toEqual([]);
    expect((await checkIdentity(config, {}, false))[0]?.status).toBe('warning');
  });

  it('takes the time from Weir where storage tells none', () => {
    const dates = [{ dateMs: now + 90_000, sentAtMs: now, receivedAtMs: now + 40 }];
    expect(checkClock('The clock', dates, "Weir's").message).toMatch(/behind Weir's\.$/);
  });
});

function openConsole() {
  const lines: string[] = [];
  const context = {
    environment: {},
    now: () => new Date(now),
    print: (line: string) => lines.push(line),
    localRun: null,
    azure: new ResourceManager({ origin: 'http://127.0.0.1:1', token: async () => 'none' }),
  };
  return { lines, context };
}

describe('the doctor on the whole', () => {
  it.each([
    ['--subscription', '--subscription', 'mine'],
    ['--subscription', '--resource-group', 'rg-weir-dev'],
    ['--subscription', '--subscription'],
    ['--url', '--url', 'weir.example'],
  ])('refuses a wrong %s before it prints anything', async (named, ...args) => {
    const { lines, context } = openConsole();
    await expect(runDoctorCommand(args, context)).rejects.toThrow(named);
    expect(lines).toEqual([]);
  });

  it("does not hold the configuration of this folder against somebody else's Weir", async () => {
    const { lines, context } = openConsole();
    expect(await runDoctorCommand(['--url', 'https://127.0.0.1:1'], context)).toBe(1);
    expect(lines[0]).toMatch(/^Configuration\n.*Not looked at: name the one that it runs/);
    expect(lines.join('\n')).not.toContain('weir.config.json)');
    expect(lines.at(-1)).toBe('1 problem.');
  });

  it('ends with 1 for a problem, names it with its path, and repeats no key', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-doctor-'));
    try {
      const config = join(folder, 'config.json');
      writeFileSync(
        config,
        JSON.stringify({ ...minimalConfig(), teams: [{ id: 'x', keys: [{ sha256: 'weir_oops' }] }] }),
      );
      const { lines, context } = openConsole();
      expect(await runDoctorCommand(['--config', config], context)).toBe(1);
      expect(lines.join('\n')).toContain('teams[0].keys[0].sha256');
      expect(lines.join('\n')).not.toContain('weir_oops');
      expect(lines.at(-1)).toBe('1 problem.');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says of no team that nobody can be it before it knows the issued keys', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'weir-doctor-'));
    try {
      const config = join(folder, 'config.json');
      const keys = join(folder, 'keys.json');
      writeFileSync(config, JSON.stringify({ ...minimalConfig(), teams: [{ ...team, keys: [] }] }));
      writeFileSync(keys, '{"keys":[]}');
      const { lines, context } = openConsole();
      await runDoctorCommand(['--config', config], context);
      expect(lines[0]).not.toContain('Nobody can be');
      await runDoctorCommand(['--config', config, '--keys', keys], context);
      expect(lines.join('\n')).toContain('Nobody can be the team search');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('shows what to do under what it found, and counts', () => {
    const section = {
      title: 'Storage',
      findings: [ok('fine'), warning('odd', 'look'), problem('gone\nfor good', 'fetch')],
    };
    expect(stripVTControlCharacters(renderSection(section))).toBe(
      'Storage\n  ✓ fine\n  ! odd\n    → look\n  ✗ gone\n      for good\n    → fetch',
    );
    expect(summarise([section, section])).toBe('2 problems, 2 warnings.');
    expect(summarise([])).toBe('Nothing to fix.');
  });
});
