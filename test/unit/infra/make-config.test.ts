import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMakeConfig } from '../../../tools/infra/make-config.ts';

const deployment = {
  model: 'gpt-4.1-mini',
  name: 'first',
  region: 'swedencentral',
  endpoint: 'https://one.openai.azure.com/',
  deployment: 'gpt-4.1-mini',
  sku: 'GlobalStandard',
  capacity: 20,
  priority: 1,
  rateLimits: [{ key: 'request', renewalPeriod: 10, count: 20 }],
};
const outputs = {
  WEIR_CONFIG_URL: 'https://one.blob.core.windows.net/config/weir.config.json',
  WEIR_CREATED_DEPLOYMENTS: [[deployment]],
  WEIR_EXISTING_DEPLOYMENTS: [],
};
const environment = Object.fromEntries(
  Object.entries(outputs).map(([name, value]) => [name, typeof value === 'string' ? value : JSON.stringify(value)]),
);

let directory = '';
const file = (name: string) => join(directory, name);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'weir-make-config-'));
  await writeFile(file('teams.json'), JSON.stringify({ teams: [{ id: 'search', models: ['gpt-4.1-mini'] }] }));
  await writeFile(file('outputs.json'), JSON.stringify(outputs));
});
afterAll(async () => rm(directory, { recursive: true, force: true }));

describe('make-config', () => {
  it('gives the same text from a file of outputs and from the environment', async () => {
    const fromFile = await runMakeConfig(['--teams', file('teams.json'), '--outputs', file('outputs.json')], {});
    const fromEnvironment = await runMakeConfig(
      ['--teams', file('teams.json'), '--outputs-from-environment'],
      environment,
    );
    expect(JSON.parse(fromFile)).toMatchObject({ pools: [{ deployments: [{ tokensPerMinute: 20_000 }] }] });
    expect(fromEnvironment).toBe(fromFile);
  });

  it('writes the file it is asked for', async () => {
    const args = ['--teams', file('teams.json'), '--outputs', file('outputs.json'), '--out', file('weir.config.json')];
    expect(await runMakeConfig(args, {})).toContain('Configuration of 1 deployments');
    expect(JSON.parse(await readFile(file('weir.config.json'), 'utf8'))).toHaveProperty('teams');
  });

  it('names everything that is wrong and writes nothing', async () => {
    await writeFile(file('bad.json'), JSON.stringify({ pools: [], teams: [{ id: 'search', keys: [] }] }));
    const args = ['--teams', file('bad.json'), '--outputs', file('outputs.json'), '--out', file('never.json')];
    await expect(runMakeConfig(args, {})).rejects.toThrow(/pools: [\s\S]*teams\[0\]\.keys/);
    await expect(readFile(file('never.json'))).rejects.toThrow(/ENOENT/);
  });

  it('explains itself when called without its inputs', async () => {
    await expect(runMakeConfig([], {})).rejects.toThrow(/--teams FILE/);
    const publish = ['--teams', file('teams.json'), '--outputs', file('outputs.json'), '--publish'];
    await expect(runMakeConfig([...publish, '--if-match', ''], {})).rejects.toThrow(/--if-match is empty/);
    await expect(runMakeConfig([...publish, '--if-none', '--if-match', '"1"'], {})).rejects.toThrow(/--if-match ETAG/);
    await expect(runMakeConfig(['--teams', file('teams.json')], {})).rejects.toThrow(/--outputs FILE/);
  });
});
