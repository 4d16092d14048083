import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const folder = join(root, 'test/planted-faults');
const files = readdirSync(folder).filter((name) => name.endsWith('.json'));

interface Entry {
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly test: string;
}

/** Planting them takes hours and is done by hand; that code has moved away from under one is seen at once. */
describe.each(files)('planted faults of %s', (name) => {
  const entries: readonly Entry[] = JSON.parse(readFileSync(join(folder, name), 'utf8'));

  test('find their text once, and their tests', () => {
    const stale = entries.filter(({ file, find, test: caught }) => {
      const text = existsSync(join(root, file)) ? readFileSync(join(root, file), 'utf8') : '';
      return text.split(find).length !== 2 || !existsSync(join(root, caught));
    });
    expect(stale.map((entry) => entry.name)).toEqual([]);
  });
});
