import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseKeysDocument } from '../../../../src/core/identity/keys-document.ts';
import { readCredential } from '../../../../src/core/identity/read-credential.ts';
import { CommandError } from '../../../../tools/weir/command-error.ts';
import { runKeysCommand } from '../../../../tools/weir/keys-command.ts';
import { makeFilePlace } from '../../../../tools/weir/keys-place.ts';
import { minimalConfig } from '../../core/config/minimal-config.ts';

let folder: string;
let file: string;
let now: Date;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-keys-'));
  file = join(folder, 'keys.json');
  now = new Date('2026-11-23T12:00:00Z');
});
afterEach(() => rmSync(folder, { recursive: true }));

const run = (line: string) => runKeysCommand([...line.split(' '), '--file', file], { environment: {}, now: () => now });
const text = () => readFileSync(file, 'utf8');

describe('weir keys', () => {
  it('shows a key once and keeps its hash alone', async () => {
    const { result, remarks } = await run('make --team search --name nightly');
    const sha256 = createHash('sha256').update(result).digest('hex');
    const kept = [{ team: 'search', sha256, name: 'nightly', createdAt: '2026-11-23T12:00:00.000Z' }];
    expect(parseKeysDocument(text())).toEqual({ outcome: 'valid', keys: kept });
    expect(text() + remarks).not.toContain(result);
    expect(result).toMatch(/^weir_search_[\w-]{43}$/);
    expect(readCredential(new Headers({ 'api-key': result }), false)).toEqual({ kind: 'key', key: result });
    expect((await run('list')).result).toContain('nightly');
    expect((await run('list')).result).not.toContain(result);
  });

  it('rotates: two live keys, then the old one revoked by its hash', async () => {
    await run('make --team search --name old');
    const { remarks } = await run('rotate --team search --name new');
    await expect(run('make --team search')).rejects.toThrow(`--file ${file}   # "new"`);
    // As it stands there, with the place of the document.
    const command = /npm run weir -- keys (revoke .*)/.exec(remarks)?.[1]?.split(' ') ?? [];
    expect((await runKeysCommand(command, { environment: {}, now: () => now })).remarks).toContain('"old"');
    expect(JSON.parse(text()).keys).toMatchObject([{ name: 'new' }]);
  });

  it.each([
    ['no team', 'make', '--team'],
    ['a team that cannot be one', 'make --team Search', '--team'],
    ['a name with control characters', 'make --team search --name a\u0007b', '--name'],
    ['an unknown option', 'make --team search --hash x', '--hash'],
    ['an unknown verb', 'destroy', 'npm run weir -- keys'],
    ['revoking nothing', 'revoke --team search', '--key'],
  ])('refuses %s and writes nothing', async (_what, line, mentioned) => {
    await expect(run(line)).rejects.toThrow(mentioned);
    expect(existsSync(file)).toBe(false);
  });

  it('refuses a team that the configuration does not have, and warns of a key that it lists itself', async () => {
    const config = join(folder, 'config.json');
    writeFileSync(config, JSON.stringify(minimalConfig()));
    await expect(run(`make --team nobody --config ${config}`)).rejects.toThrow('it has search, support');
    const key = (await run('make --team search')).result;
    const sha256 = createHash('sha256').update(key).digest('hex');
    const teams = [{ id: 'search', keys: [{ sha256 }] }];
    writeFileSync(config, JSON.stringify({ ...minimalConfig(), teams }));
    expect((await run(`revoke --key ${sha256.slice(0, 12)} --config ${config}`)).remarks).toContain('STILL VALID');
  });

  it('leaves a document alone that it cannot read', async () => {
    writeFileSync(file, '{ "keys": [{ "team": "search", "sha256": "weir_search_oops" }] }');
    const before = text();
    const error = await run('make --team search').catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(CommandError);
    expect(String(error)).toContain('keys[0].sha256');
    expect(String(error)).not.toContain('weir_search_oops');
    expect(text()).toBe(before);
  });

  it('refuses keys whose place is the setting itself', async () => {
    const context = { environment: { WEIR_KEYS: '{"keys":[]}' }, now: () => now };
    await expect(runKeysCommand(['list'], context)).rejects.toThrow('--file or --blob');
  });
});

describe('the keys file', () => {
  it('is not written when somebody has written since, and leaves nothing behind', async () => {
    const place = makeFilePlace(file);
    const seen = await place.read();
    expect(await place.write('{"keys":[]}', seen)).toBe(true);
    expect(await place.write('{"keys":[1]}', seen)).toBe(false);
    expect(text()).toBe('{"keys":[]}');
    expect(readdirSync(folder)).toEqual(['keys.json']);
  });

  it('is written by one at a time', async () => {
    writeFileSync(`${file}.lock`, '');
    await expect(run('make --team search')).rejects.toThrow('keys.json.lock');
    expect(existsSync(file)).toBe(false);
  });
});
