import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { reduceManifest } from '../../../tools/package.ts';
import { readZip } from '../../../tools/read-zip.ts';
import { writeZip } from '../../../tools/write-zip.ts';

const file = (path: string, text = path) => ({ path, contents: Buffer.from(text) });

describe('writeZip', () => {
  it('gives back every file with its content', () => {
    const names = fc.stringMatching(/^[a-zä-ö0-9]{1,8}(\/[a-z.-]{2,9})?x$/);
    const files = fc.uniqueArray(fc.tuple(names, fc.uint8Array({ maxLength: 5000 })), { selector: ([path]) => path });
    fc.assert(
      fc.property(files, (pairs) => {
        const read = readZip(writeZip(pairs.map(([path, contents]) => ({ path, contents }))));
        expect(new Map(read.map(({ path, contents }) => [path, [...contents]]))).toEqual(
          new Map(pairs.map(([path, contents]) => [path, [...contents]])),
        );
      }),
      { numRuns: 60 },
    );
  });

  it('makes the same bytes whatever the order, and knows no time', () => {
    const files = [file('b'), file('a/x'), file('B'), file('ä')];
    const zip = writeZip(files);
    expect(writeZip(files.toReversed()).equals(zip)).toBe(true);
    expect(readZip(zip).map(({ path }) => path)).toEqual(['B', 'a/x', 'b', 'ä']);
    // 1 January 1980, midnight: date in the upper half, time in the lower.
    expect(new Set(readZip(zip).map(({ modified }) => modified))).toEqual(new Set([0x0021_0000]));
  });

  it.each(['../x', '/x', 'a//b', 'a/./b', 'a\\b', ''])('refuses the path %j', (path) => {
    expect(() => writeZip([file(path)])).toThrow('no relative path');
  });

  it('refuses a path that comes twice', () => {
    expect(() => writeZip([file('a'), file('b'), file('a', 'other')])).toThrow('"a" comes twice');
  });
});

describe('reduceManifest', () => {
  it('keeps what the host reads and drops whatever could be installed or run', () => {
    const manifest = JSON.parse(
      reduceManifest(readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8')),
    );
    expect(manifest).toMatchObject({ name: 'weir', type: 'module', main: 'dist/index.mjs' });
    for (const name of ['dependencies', 'devDependencies', 'scripts', 'allowScripts']) {
      expect(manifest).not.toHaveProperty(name);
    }
  });

  it('refuses a manifest without a main file', () => {
    expect(() => reduceManifest('{"name":"x"}')).toThrow('no main file');
  });
});
