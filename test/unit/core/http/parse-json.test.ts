import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { locateJsonError } from '../../../../src/core/http/locate-json-error.ts';
import { parseJson } from '../../../../src/core/http/parse-json.ts';

describe('locateJsonError', () => {
  it.each([
    ['', 1, 1],
    ['{"a":1', 1, 7],
    ['{"a":1,}', 1, 8],
    ['{"a" 1}', 1, 6],
    ['[1 2]', 1, 4],
    ['[1,]', 1, 4],
    ['{\n "a": tru\n}', 2, 7],
    ['{"a":"b\nc"}', 1, 8],
    ['{"a":"\\x"}', 1, 7],
    ['"unfinished', 1, 12],
    ['{"a":1}}', 1, 8],
    ['[01]', 1, 2],
    ['nul', 1, 1],
    ['{a:1}', 1, 2],
    ['[}', 1, 2],
    ["{'a':1}", 1, 2],
  ])('finds the place in %j', (text, line, column) => {
    expect(locateJsonError(text)).toEqual({ line, column });
  });

  it('finds the end of every valid document and a place inside every cut one', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(), (text, seed) => {
        expect(locateJsonError(text)).toEqual({ line: text.split('\n').length, column: text.length + 1 });
        const cut = text.slice(0, seed % text.length);
        expect(locateJsonError(cut).column).toBeLessThanOrEqual(cut.length + 1);
      }),
    );
  });
});

describe('parseJson', () => {
  it('accepts 64 levels and refuses 65', () => {
    expect(parseJson('['.repeat(64) + ']'.repeat(64)).outcome).toBe('parsed');
    expect(parseJson('['.repeat(65) + ']'.repeat(65)).outcome).toBe('too_deep');
  });

  it('survives a hundred thousand levels, closed or not', () => {
    expect(parseJson('['.repeat(100_000) + ']'.repeat(100_000)).outcome).toBe('too_deep');
    expect(parseJson('['.repeat(100_000))).toMatchObject({ outcome: 'malformed', place: { line: 1, column: 100_001 } });
  });

  it('refuses numbers that overflow', () => {
    expect(parseJson('{"a":[1e999]}').outcome).toBe('not_finite');
  });

  it('keeps a __proto__ key from reaching the prototype', () => {
    const reading = parseJson('{"__proto__":{"polluted":true}}');
    expect(reading.outcome).toBe('parsed');
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });
});
