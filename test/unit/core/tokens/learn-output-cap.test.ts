import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { learnOutputCap, leastSamples } from '../../../../src/core/tokens/learn-output-cap.ts';

const lengths = (min = leastSamples, max = 500) =>
  fc.array(fc.integer({ min: 0, max: 20_000 }), { minLength: min, maxLength: max });

describe('the learnt output cap', () => {
  it('is unknown until there are fifty answers', () => {
    expect(learnOutputCap(Array<number>(49).fill(900), 4096)).toBeNull();
    expect(learnOutputCap(Array<number>(50).fill(900), 4096)).toBe(1024);
  });

  it('lies a tenth over the 99th percentile, rounded up to 64', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => (index + 1) * 10);
    expect(learnOutputCap(hundred, 4096)).toBe(Math.ceil((990 * 1.1) / 64) * 64);
  });

  it('is at least 256, and never over what is allowed, however little that is', () => {
    expect(learnOutputCap(Array<number>(50).fill(3), 4096)).toBe(256);
    expect(learnOutputCap(Array<number>(50).fill(3), 100)).toBe(100);
    expect(learnOutputCap(Array<number>(50).fill(4000), 4096)).toBe(4096);
  });

  it('holds 99 of 100 of the answers it was learnt from, unless the largest cap does not', () => {
    fc.assert(
      fc.property(lengths(), fc.integer({ min: 1, max: 32_768 }), (answers, most) => {
        const cap = learnOutputCap(answers, most);
        const cut = answers.filter((length) => length > (cap ?? 0)).length;
        expect(cap).toBeLessThanOrEqual(most);
        if (cap !== null && cap < most) expect(cut).toBeLessThanOrEqual(answers.length / 100);
      }),
    );
  });

  it('does not sink when the answers it cut off are learnt from as they are', () => {
    fc.assert(
      fc.property(lengths(), (answers) => {
        const first = learnOutputCap(answers, 100_000) ?? 0;
        const seen = answers.map((length) => Math.min(length, first));
        expect(learnOutputCap(seen, 100_000)).toBe(first);
      }),
    );
  });
});
