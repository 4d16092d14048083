import { describe, expect, it } from 'vitest';
import { ClaimPace } from '../../../../src/core/gateway/claim-pace.ts';

function leadAfter(...claimsMs: readonly number[]): number {
  const pace = new ClaimPace();
  for (const claimMs of claimsMs) pace.note(claimMs);
  return pace.leadMs;
}

describe('the time that is left for a claim', () => {
  it.each([
    ['no claim yet', [], 15],
    ['quick claims', [3, 4, 3], 15],
    ['one stray claim', [10, 10, 400], 15],
    ['a stray claim at the start, when connections are made', [400], 15],
    ['two slow claims in a row, the lesser of which counts', [10, 400, 300], 360],
    ['storage that is slow for good', [300, 300, 300, 300], 360],
    ['a claim that took longer than any booking reaches ahead', [5000, 5000], 1000],
    ['a clock that ran backwards', [-40, -40], 15],
  ])('after %s', (_, claimsMs, leadMs) => {
    expect(leadAfter(...claimsMs)).toBe(leadMs);
  });

  it('is won back by quick claims, slowly', () => {
    const slow = [300, 300];
    expect(leadAfter(...slow, 10)).toBe(290);
    expect(leadAfter(...slow, ...Array.from({ length: 30 }, () => 10))).toBe(15);
  });
});
