import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../../..');
const page = readFileSync(join(root, 'docs/security.md'), 'utf8');
const rows = page.split('\n').filter((line) => /^\| (API|LLM)\d/.test(line));

describe('docs/security.md', () => {
  it('names tests that are there', () => {
    const named = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, path]) => path ?? '');
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
  });

  it('links to files that are there', () => {
    const links = [...page.matchAll(/\]\(([^)#:]+)\)/g)].map(([, path]) => path ?? '');
    expect(links.filter((path) => !existsSync(join(root, 'docs', path)))).toEqual([]);
  });

  it('has a row for each of the ten risks of both lists', () => {
    const risks = rows.map((row) => /^\| (\w+)/.exec(row)?.[1]);
    const numbers = Array.from({ length: 10 }, (_, index) => index + 1);
    expect(risks).toEqual([
      ...numbers.map((number) => `API${number}`),
      ...numbers.map((number) => `LLM${String(number).padStart(2, '0')}`),
    ]);
  });

  it('gives a test for every control, but where a risk is not one of a gateway', () => {
    const without = rows.filter((row) => /\| *\|$/.test(row)).map((row) => /^\| (\w+)/.exec(row)?.[1]);
    expect(without).toEqual(['LLM04', 'LLM09']);
  });
});
