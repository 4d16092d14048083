import { describe, expect, it } from 'vitest';
import {
  findChatModel,
  hashKey,
  listTeamIds,
  mergeTeamKeys,
  parseConfigText,
  rewriteEndpoints,
  selectAcceptedKeys,
} from '../../../../tools/start/local-config.ts';

const config = {
  pools: [
    { model: 'text-embedding-3-small', deployments: [{ endpoint: 'http://127.0.0.1:7072/eastus' }] },
    {
      model: 'gpt-4.1-mini',
      deployments: [
        { name: 'a', endpoint: 'http://127.0.0.1:7072/westeurope' },
        { name: 'b', endpoint: 'https://real.openai.azure.com' },
        { name: 'c', endpoint: 'http://127.0.0.1:7073/other' },
      ],
    },
  ],
  teams: [
    { id: 'search', keys: [{ sha256: 'f'.repeat(64) }], models: ['gpt-4.1-mini', 'text-embedding-3-small'] },
    { id: 'support', models: ['text-embedding-3-small'] },
  ],
};

describe('rewriteEndpoints', () => {
  it('puts the real origin in place of the simulated one and leaves every other endpoint', () => {
    const { config: rewritten, changed } = rewriteEndpoints(config, 'http://127.0.0.1:40001/');
    expect(changed).toBe(true);
    expect(JSON.stringify(rewritten).match(/"endpoint":"[^"]*"/g)).toEqual([
      '"endpoint":"http://127.0.0.1:40001/eastus"',
      '"endpoint":"http://127.0.0.1:40001/westeurope"',
      '"endpoint":"https://real.openai.azure.com"',
      '"endpoint":"http://127.0.0.1:7073/other"',
    ]);
  });

  it('leaves its argument as it was', () => {
    const before = JSON.stringify(config);
    rewriteEndpoints(config, 'http://127.0.0.1:40001');
    mergeTeamKeys(config, { search: 'k' });
    expect(JSON.stringify(config)).toBe(before);
  });

  it('says when there was nothing to rewrite', () => {
    expect(rewriteEndpoints({ pools: [] }, 'http://127.0.0.1:40001').changed).toBe(false);
    expect(rewriteEndpoints(config, 'http://127.0.0.1:7072').changed).toBe(false);
  });

  it('survives a configuration of any shape: judging it is the business of the app', () => {
    expect(
      rewriteEndpoints({ pools: [null, { deployments: 'x' }, { deployments: [{ endpoint: 5 }] }] }, 'http://a').changed,
    ).toBe(false);
  });
});

describe('mergeTeamKeys', () => {
  it('adds the hash of the local key beside those that are there', () => {
    const merged = mergeTeamKeys(config, { search: 'one', support: 'two' });
    expect(merged['teams']).toMatchObject([
      { keys: [{ sha256: 'f'.repeat(64) }, { sha256: hashKey('one') }] },
      { keys: [{ sha256: hashKey('two') }] },
    ]);
  });

  it('adds a hash once, however often it is merged', () => {
    const once = mergeTeamKeys(config, { search: 'one' });
    expect(mergeTeamKeys(once, { search: 'one' })).toEqual(once);
  });

  it('never writes a key itself', () => {
    expect(JSON.stringify(mergeTeamKeys(config, { search: 'the-key-itself' }))).not.toContain('the-key-itself');
  });
});

it('hashes a key as the configuration lists it', () => {
  expect(hashKey('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
});

it('shows only local keys that the configuration accepts', () => {
  const accepting = {
    teams: [
      { id: 'search', keys: [{ sha256: hashKey('one') }] },
      { id: 'support', keys: [] },
    ],
  };
  expect(selectAcceptedKeys(accepting, { search: 'one', support: 'two', gone: 'three' })).toEqual({ search: 'one' });
});

it('lists the teams in order', () => {
  expect(listTeamIds(config)).toEqual(['search', 'support']);
});

it('finds a chat model that the team may use', () => {
  expect(findChatModel(config, 'search')).toBe('gpt-4.1-mini');
  expect(findChatModel(config, 'support')).toBeUndefined();
});

it.each([
  ['{', /my.json is not valid JSON/],
  ['[]', /my.json must hold a JSON object/],
])('refuses the configuration %s', (text, message) => {
  expect(() => parseConfigText(text, 'my.json')).toThrow(message);
});
