import { describe, expect, it } from 'vitest';
import { patienceMs, suspicionMs } from '../../../../src/core/routing/silence.ts';

describe('suspicion', () => {
  it.each([
    ['an unmeasured deployment', { firstByteMs: null, msPerOutputToken: null, samples: 0 }, 500, 2000],
    ['a short answer', { firstByteMs: 300, msPerOutputToken: 16, samples: 9 }, 50, 2000],
    ['an answer of 500 tokens', { firstByteMs: 300, msPerOutputToken: 16, samples: 9 }, 500, 4000],
    ['a long text', { firstByteMs: 300, msPerOutputToken: 16, samples: 9 }, 16_000, 20_000],
  ])('of %s comes in time', (_, latency, outputTokens, expected) => {
    expect(suspicionMs(latency, outputTokens)).toBe(expected);
  });
});

describe('patience', () => {
  it.each([
    [[], 6000],
    [[null], 6000],
    [[100, null], 2000],
    [[700, 300], 2800],
    [[612.3456], 2449],
    [[5000], 6000],
  ])('beside first bytes of %j is %d ms', (others, expected) => {
    expect(patienceMs(others)).toBe(expected);
  });
});
