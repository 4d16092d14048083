import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/reliability.md'), 'utf8');
const matrix = page.slice(page.indexOf('## Fault matrix'));
/** Number, fault and the cell that tells its tests, row by row. */
const rows = [...matrix.matchAll(/^\| (\d+) \| ([^|]+) \| ([^|]+) \|$/gm)].map(([, number, fault, tests]) => ({
  number: Number(number),
  fault: fault?.trim(),
  tests: tests?.trim() ?? '',
}));

/** Numbers of the faults that the titles of each test file name. */
const named = new Map<string, ReadonlySet<number>>();
for (const entry of readdirSync(join(root, 'test'), { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.(test|contract)\.ts$/.test(entry.name)) continue;
  const path = join(entry.parentPath, entry.name);
  const titles = [...readFileSync(path, 'utf8').matchAll(/['"`]((?:fault \d+, )*fault \d+): /g)].map(
    ([, text]) => text ?? '',
  );
  const numbers = titles.flatMap((title) => [...title.matchAll(/\d+/g)].map(Number));
  if (numbers.length > 0) named.set(path.slice(join(root, 'test/').length), new Set(numbers));
}

describe('the fault matrix of docs/reliability.md', () => {
  it('has 32 rows', () => {
    expect(rows.map(({ number }) => number)).toEqual(Array.from({ length: 32 }, (_, index) => index + 1));
  });

  it('names, in each row, a file with a test that carries its number, or says why there is none', () => {
    const wrong = rows.filter(({ number, tests }) => {
      const files = [...tests.matchAll(/`((?:unit|contract|e2e)\/[^`]+)`/g)].map(([, file]) => `${file}.test.ts`);
      const hasTest = files.some((file) => named.get(file)?.has(number));
      return !hasTest && !/No test of its own: .{20}/.test(tests);
    });
    expect(wrong.map(({ number, fault }) => `${number} ${fault}`)).toEqual([]);
  });

  it('names files that are there', () => {
    const files = [...page.matchAll(/`((?:unit|contract|e2e)\/[^`]+)`/g)].map(([, file]) => file ?? '');
    expect(files.length).toBeGreaterThan(60);
    const isThere = (file: string) =>
      [`${file}.test.ts`, `${file}.contract.ts`, file].some((path) => existsSync(join(root, 'test', path)));
    expect(files.filter((file) => !isThere(file))).toEqual([]);
  });

  it('has every test that carries a fault in its row', () => {
    const missing = [...named].flatMap(([file, numbers]) =>
      [...numbers]
        .filter((number) => {
          const row = rows.find((one) => one.number === number);
          return row === undefined || !row.tests.includes(`\`${file.replace(/\.test\.ts$/, '')}\``);
        })
        .map((number) => `fault ${number} in ${file}`),
    );
    expect(missing).toEqual([]);
  });
});
