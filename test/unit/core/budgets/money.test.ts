import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd, parseUsd } from '../../../../src/core/budgets/money.ts';

describe('parseUsd', () => {
  it.each([
    ['250.00', 250_000_000_000],
    ['0', 0],
    ['0.1', 100_000_000],
    ['0.000000001', 1],
    ['9000000', 9_000_000_000_000_000],
  ])('reads %s as %i nano-dollars', (text, nanoUsd) => {
    expect(parseUsd(text)).toBe(nanoUsd);
  });

  it.each(['', '-1', '+1', '1.', '.5', '1e3', '1,000', ' 1', '0.0000000001', '9000000.000000001', 'NaN', '٣'])(
    'refuses %j',
    (text) => {
      expect(parseUsd(text)).toBeNull();
    },
  );
});

describe('formatUsd', () => {
  it.each([
    [0, '0.000000'],
    [499, '0.000000'],
    [500, '0.000001'],
    [465_400, '0.000465'],
    [1_234_567_890_123, '1234.567890'],
    [-499, '0.000000'],
    [-1_500, '-0.000002'],
  ])('writes %i nano-dollars as %s', (nanoUsd, text) => {
    expect(formatUsd(nanoUsd)).toBe(text);
  });

  it('is never further than half a micro-dollar from the amount', () => {
    fc.assert(
      fc.property(fc.nat({ max: 9_000_000_000_000_000 }), (nanoUsd) => {
        expect(Math.abs((parseUsd(formatUsd(nanoUsd)) ?? Number.NaN) - nanoUsd)).toBeLessThanOrEqual(500);
      }),
    );
  });
});
