import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  filterRange,
  invertMs,
  isKey,
  rangeOfPrefix,
  rowKeys,
} from '../../../../../src/core/adapters/azure-tables/row-key.ts';
import { rangeOfWindow } from '../../../../../src/core/adapters/azure-tables/usage-store.ts';
import { keyOfUsage } from '../../../../../src/core/adapters/memory/usage-store.ts';
import { makeSampleUsage } from '../../../../support/sample-jobs.ts';

const time = fc.integer({ min: 0, max: 4_000_000_000_000 });

describe('row keys', () => {
  it('of usage sort newest first', () => {
    fc.assert(
      fc.property(time, time, (left, right) => {
        fc.pre(left !== right);
        expect(rowKeys.usage(left, 'job_1', 1) < rowKeys.usage(right, 'job_1', 1)).toBe(left > right);
      }),
    );
  });

  it('of a window hold exactly the moments of the window', () => {
    fc.assert(
      fc.property(time, time, time, (atMs, fromMs, toMs) => {
        const { from, to } = rangeOfWindow({ fromMs, toMs }, null);
        const key = rowKeys.usage(atMs, 'job_1', 1);
        expect(key >= from && key < to).toBe(atMs >= fromMs && atMs < toMs);
      }),
      {
        examples: [
          [5, 5, 6],
          [5, 4, 5],
          [5, 6, 5],
          [0, 0, 1],
        ],
      },
    );
  });

  it('are made the same way for the table and for memory', () => {
    const row = makeSampleUsage('search', { attempt: 12 });
    expect(rowKeys.usage(row.atMs, row.jobId, row.attempt)).toBe(`usage|${keyOfUsage(row)}`);
  });

  it('are refused for times that would sort wrongly', () => {
    for (const ms of [-1, Number.NaN, 10_000_000_000_000]) expect(() => invertMs(ms)).toThrow(RangeError);
  });

  it.each(['a/b', 'a\\b', 'a#b', 'a?b', 'a%b', 'a\tb', 'a\u0085b', '', 'x'.repeat(513)])('cannot be %j', (text) => {
    expect(isKey(text)).toBe(false);
  });

  it('continue strictly behind a key and end with the prefix', () => {
    const { from, to } = rangeOfPrefix('job|', 'job|b');
    const within = ['job|a', 'job|b', 'job|b0', 'job|c', 'live|a', 'joc'].filter((key) => key >= from && key < to);
    expect(within).toEqual(['job|b0', 'job|c']);
  });

  it('are quoted in filters, so that an id cannot widen one', () => {
    expect(filterRange('search', { from: "x' or '1' eq '1", to: 'y' }, "status eq 'failed'")).toBe(
      "PartitionKey eq 'search' and RowKey ge 'x'' or ''1'' eq ''1' and RowKey lt 'y' and status eq 'failed'",
    );
  });
});
