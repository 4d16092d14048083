import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  assertRowFits,
  measureRow,
  readJson,
  writeJson,
} from '../../../../../src/core/adapters/azure-tables/row-columns.ts';
import { DamagedRowError, NewerRowError } from '../../../../../src/core/versioned.ts';

const isAnything = (value: unknown): value is unknown => value !== undefined;
const rowOf = (columns: Record<string, unknown>) => ({ partitionKey: 'search', rowKey: 'job|1', etag: '*', columns });

describe('JSON in columns', () => {
  it('comes back as it was, in columns that a property can hold and that part no character', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 200 }),
      fc
        .tuple(fc.constantFrom('x', '😀', '漢', '"', '\u0000'), fc.integer({ min: 1, max: 40_000 }))
        .map(([unit, times]) => unit.repeat(times)),
    );
    fc.assert(
      fc.property(text, fc.string(), (long, lead) => {
        const value = { lead, long };
        const columns = writeJson('job', value);
        for (const column of Object.values(columns)) {
          expect(column.length).toBeLessThanOrEqual(32_768);
          expect(column.isWellFormed()).toBe(true);
        }
        expect(readJson(rowOf({ v: 1, ...columns }), 'job', isAnything)).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  it('needs one column up to 32,768 characters and two from there on', () => {
    expect(Object.keys(writeJson('job', 'x'.repeat(32_766)))).toEqual(['job0']);
    expect(Object.keys(writeJson('job', 'x'.repeat(32_767)))).toEqual(['job0', 'job1']);
  });

  it.each([
    ['missing', {}],
    ['cut off', { job0: '{"a":' }],
    ['of another shape', { job0: '[]' }],
  ])('that is %s makes the row damaged, and the message has none of it', (_case, columns) => {
    const isRecord = (value: unknown): value is { a: 1 } => typeof value === 'object' && value !== null && 'a' in value;
    const read = () => readJson(rowOf({ v: 1, ...columns }), 'job', isRecord);
    expect(read).toThrow(DamagedRowError);
    expect(read).toThrow(/^Row search\/job\|1 is damaged: [a-zA-Z ]+\.$/);
  });

  it('of a newer layout is not judged', () => {
    expect(() => readJson(rowOf({ v: 2, job0: '{}' }), 'job', isAnything)).toThrow(NewerRowError);
  });
});

describe('the size of a row', () => {
  it('is counted as the service counts it: UTF-16, names and a toll per property', () => {
    expect(measureRow('ab', 'cd', {})).toBe(12);
    expect(measureRow('ab', 'cd', { n: 1 })).toBe(12 + 8 + 2 + 8);
    expect(measureRow('ab', 'cd', { s: '漢字' })).toBe(12 + 8 + 2 + 4 + 4);
  });

  it('fault 19: is refused beyond 1 MiB, which Azurite would take', () => {
    const columns = (characters: number) => writeJson('job', 'x'.repeat(characters));
    expect(() => assertRowFits('search', 'job|1', columns(500_000))).not.toThrow();
    expect(() => assertRowFits('search', 'job|1', columns(530_000))).toThrow(/search\/job\|1 takes \d+ bytes/);
  });
});
