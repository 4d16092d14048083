import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeTokenCounter } from '../../../../src/core/adapters/gpt-tokenizer/token-counter.ts';
import { boundCounting, countedCharacters } from '../../../../src/core/tokens/bound-counting.ts';
import { encodingOf } from '../../../../src/core/tokens/encoding-of.ts';
import { splitRuns } from '../../../../src/core/tokens/split-runs.ts';

describe('splitRuns', () => {
  it('leaves ordinary text whole', () => {
    expect(splitRuns('Some ordinary text.\n')).toEqual(['Some ordinary text.\n']);
    expect(splitRuns('')).toEqual([]);
  });

  it('cuts runs of letters and of blanks', () => {
    expect(splitRuns('a'.repeat(600)).map((part) => part.length)).toEqual([256, 256, 88]);
    expect(splitRuns(`x ${' '.repeat(300)}y`).map((part) => part.length)).toEqual([1, 256, 45, 1]);
  });

  it('keeps every character and no long run, and never cuts between surrogates', () => {
    const pieces = fc.oneof(
      fc.string(),
      fc.nat({ max: 700 }).map((length) => 'é'.repeat(length)),
      fc.nat({ max: 400 }).map((length) => `x${'😀'.repeat(length)}`),
    );
    fc.assert(
      fc.property(fc.array(pieces), (texts) => {
        const text = texts.join('');
        const parts = splitRuns(text);
        expect(parts.join('')).toBe(text);
        for (const part of parts) {
          expect(/\S{258,}|\s{258,}/.test(part)).toBe(false);
          expect(/^[\udc00-\udfff]/.test(part) && /[\ud800-\udbff]$/.test(text.slice(0, text.indexOf(part)))).toBe(
            false,
          );
        }
      }),
    );
  });
});

describe('boundCounting', () => {
  const countCharacters = (text: string) => text.length;

  it('counts the first characters of all calls together and judges the rest by bytes', () => {
    const count = boundCounting(countCharacters, 10);
    expect(count('12345678')).toBe(8);
    expect(count('123456')).toBe(2 + 2);
    expect(count('ééé')).toBe(3);
  });
});

describe('encodingOf', () => {
  it.each([
    ['gpt-4.1-mini', 'o200k_base'],
    ['gpt-4o', 'o200k_base'],
    ['gpt-4', 'cl100k_base'],
    ['gpt-4-turbo', 'cl100k_base'],
    ['gpt-35-turbo', 'cl100k_base'],
    ['text-embedding-3-small', 'cl100k_base'],
    ['o4-mini', 'o200k_base'],
    ['gpt-6-astra', 'o200k_base'],
  ])('of %s is %s', (model, encoding) => {
    expect(encodingOf(model)).toBe(encoding);
  });
});

describe('the token counter', () => {
  it('counts special tokens as plain text and survives half characters', async () => {
    const count = await makeTokenCounter().load('gpt-4.1-mini');
    expect(count('<|endoftext|>')).toBeGreaterThan(1);
    expect(count('\ud800\0')).toBeGreaterThan(0);
    expect(count('')).toBe(0);
  });

  it('counts close to the truth in sliced runs', async () => {
    const count = await makeTokenCounter().load('gpt-4.1-mini');
    expect(count('a'.repeat(200_000))).toBe(25_000);
    expect(count(' '.repeat(100_000))).toBeLessThan(1000);
  });

  it('loads each encoding once', async () => {
    const counter = makeTokenCounter();
    expect(counter.load('gpt-4o')).toBe(counter.load('o3'));
    expect(counter.load('gpt-4o')).not.toBe(counter.load('text-embedding-3-large'));
  });

  it('hands the encoder no more than it can bear', async () => {
    const count = await makeTokenCounter().load('gpt-4.1-mini');
    const noise = 'q'.repeat(2 * countedCharacters);
    expect(count(noise) - count(noise.slice(0, countedCharacters))).toBe(countedCharacters / 2);
  });
});
