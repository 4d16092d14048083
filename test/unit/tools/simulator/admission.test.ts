import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AdmissionLimits } from '../../../../tools/simulator/admission.ts';
import {
  admit,
  changeLimits,
  consumeQuota,
  correctCharge,
  createAdmission,
  readHeadroom,
  requestsPerSlice,
} from '../../../../tools/simulator/admission.ts';

const LIMITS: AdmissionLimits = {
  tokensPerMinute: 10_000,
  requestsPerMinute: 60,
  requestWindowSeconds: 10,
  window: 'sliding',
  sku: 'Standard',
};

describe('admission on a Standard SKU', () => {
  it('repeats the observed experiment: 1,000 each leave 9,000, 8,000 … 0, then refuse', () => {
    const state = createAdmission(LIMITS);
    const remaining = Array.from({ length: 10 }, (_, index) => {
      return admit(state, { tokens: 1000 }, index * 1500).headroom.remainingTokens;
    });
    expect(remaining).toEqual([9000, 8000, 7000, 6000, 5000, 4000, 3000, 2000, 1000, 0]);
    const eleventh = admit(state, { tokens: 1000 }, 15_000);
    expect(eleventh).toMatchObject({ outcome: 'refused', kind: 'tokens', retryAfterMs: 45_000, fitsEver: true });
  });

  it('gives nothing back when a request ends', () => {
    const state = createAdmission(LIMITS);
    admit(state, { tokens: 4000 }, 0);
    correctCharge(state, { chargedTokens: 4000, actualTokens: 10 }, 1000);
    expect(readHeadroom(state, 1000).remainingTokens).toBe(6000);
  });

  it('returns capacity one request at a time, 60 s after each', () => {
    const state = createAdmission(LIMITS);
    for (let index = 0; index < 10; index += 1) admit(state, { tokens: 1000 }, index * 1500);
    expect(admit(state, { tokens: 1000 }, 59_999).outcome).toBe('refused');
    expect(admit(state, { tokens: 1000 }, 60_000).outcome).toBe('admitted');
    expect(admit(state, { tokens: 1000 }, 60_001).outcome).toBe('refused');
    expect(admit(state, { tokens: 1000 }, 61_500).outcome).toBe('admitted');
  });

  it('shows the request limit of a slice, not of a minute: 60 RPM start at 9 remaining', () => {
    const decision = admit(createAdmission(LIMITS), { tokens: 1 }, 0);
    expect(decision.headroom).toMatchObject({ limitRequests: 10, remainingRequests: 9 });
  });

  it('uses up the request slice with a token-limited refusal', () => {
    const state = createAdmission({ ...LIMITS, tokensPerMinute: 100 });
    admit(state, { tokens: 100 }, 0);
    admit(state, { tokens: 100 }, 1);
    expect(readHeadroom(state, 2).remainingRequests).toBe(8);
  });

  it('does not use up the request slice with a request-limited refusal', () => {
    const state = createAdmission({ ...LIMITS, requestsPerMinute: 6 });
    expect(admit(state, { tokens: 1 }, 0).outcome).toBe('admitted');
    for (let now = 1000; now < 10_000; now += 1000) {
      expect(admit(state, { tokens: 1 }, now)).toMatchObject({ kind: 'requests', retryAfterMs: 10_000 - now });
    }
    expect(admit(state, { tokens: 1 }, 10_000).outcome).toBe('admitted');
  });

  it('says that a request over the whole limit never fits', () => {
    const decision = admit(createAdmission(LIMITS), { tokens: 10_001 }, 0);
    expect(decision).toMatchObject({ outcome: 'refused', kind: 'tokens', fitsEver: false });
  });

  it('refuses everything under limits of 0 and lets one through under a limit of 1', () => {
    const none = createAdmission({ ...LIMITS, requestsPerMinute: 0 });
    expect(admit(none, { tokens: 1 }, 0)).toMatchObject({ outcome: 'refused', kind: 'requests', fitsEver: false });
    expect(requestsPerSlice({ ...LIMITS, requestsPerMinute: 1 })).toBe(1);
  });

  it('reads a clock that jumps back as standing still', () => {
    const state = createAdmission(LIMITS);
    admit(state, { tokens: 10_000 }, 100_000);
    expect(admit(state, { tokens: 1 }, 0)).toMatchObject({ outcome: 'refused', retryAfterMs: 60_000 });
  });

  it('starts anew at the minute when windows are fixed', () => {
    const state = createAdmission({ ...LIMITS, window: 'fixed' });
    expect(admit(state, { tokens: 10_000 }, 59_000).outcome).toBe('admitted');
    expect(admit(state, { tokens: 1 }, 59_500)).toMatchObject({ outcome: 'refused', retryAfterMs: 500 });
    expect(admit(state, { tokens: 10_000 }, 60_000).outcome).toBe('admitted');
  });

  it('counts quota that another application took', () => {
    const state = createAdmission(LIMITS);
    expect(consumeQuota(state, { tokens: 99_999, requests: 4 }, 0)).toEqual({ tokens: 10_000, requests: 4 });
    expect(admit(state, { tokens: 1 }, 1)).toMatchObject({ outcome: 'refused', kind: 'tokens' });
  });

  it('puts changed limits in force at once and keeps what was charged', () => {
    const state = createAdmission(LIMITS);
    admit(state, { tokens: 5000 }, 0);
    changeLimits(state, { ...LIMITS, tokensPerMinute: 5000 });
    expect(admit(state, { tokens: 1 }, 1).outcome).toBe('refused');
    changeLimits(state, { ...LIMITS, tokensPerMinute: 6000 });
    expect(admit(state, { tokens: 1000 }, 2).outcome).toBe('admitted');
  });
});

describe('admission in any order of arrivals', () => {
  const arrivals = fc.array(fc.tuple(fc.integer({ min: 0, max: 3000 }), fc.integer({ min: 1, max: 3000 })), {
    minLength: 1,
    maxLength: 150,
  });
  const slices = fc.constantFrom<1 | 10>(1, 10);

  it('never charges more than the limits in any sliding window, and an honoured hint is admitted', () => {
    fc.assert(
      fc.property(arrivals, slices, (requests, requestWindowSeconds) => {
        const state = createAdmission({ ...LIMITS, requestsPerMinute: 120, requestWindowSeconds });
        const admitted: [number, number][] = [];
        let now = 1_000_000;
        for (const [gap, tokens] of requests) {
          now += gap;
          const decision = admit(state, { tokens }, now);
          if (decision.outcome === 'admitted') admitted.push([now, tokens]);
          else {
            expect(decision.retryAfterMs).toBeGreaterThan(0);
            const copy = structuredClone(state);
            const later = admit(copy, { tokens }, now + decision.retryAfterMs);
            expect(later.outcome === 'admitted' || later.kind !== decision.kind).toBe(true);
          }
          const inMinute = admitted.filter(([at]) => at > now - 60_000).reduce((sum, [, one]) => sum + one, 0);
          const inSlice = admitted.filter(([at]) => at > now - requestWindowSeconds * 1000).length;
          expect(inMinute).toBeLessThanOrEqual(10_000);
          expect(inSlice).toBeLessThanOrEqual(requestWindowSeconds * 2);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('admission on a provisioned SKU', () => {
  const provisioned: AdmissionLimits = { ...LIMITS, tokensPerMinute: 6000, sku: 'GlobalProvisionedManaged' };

  it('admits up to and just over 100 % and then tells when it is back', () => {
    const state = createAdmission(provisioned);
    expect(admit(state, { tokens: 6000 }, 0).outcome).toBe('admitted');
    expect(admit(state, { tokens: 500 }, 0).outcome).toBe('admitted');
    expect(admit(state, { tokens: 1 }, 0)).toMatchObject({
      outcome: 'refused',
      kind: 'utilisation',
      retryAfterMs: 5000,
    });
    expect(admit(state, { tokens: 1 }, 5000).outcome).toBe('admitted');
  });

  it('corrects the estimate to the actual, down and up', () => {
    const state = createAdmission(provisioned);
    admit(state, { tokens: 6500 }, 0);
    correctCharge(state, { chargedTokens: 6500, actualTokens: 1000 }, 0);
    expect(readHeadroom(state, 0).remainingTokens).toBe(5000);
    correctCharge(state, { chargedTokens: 0, actualTokens: 2000 }, 0);
    expect(readHeadroom(state, 0).remainingTokens).toBe(3000);
  });

  it('drains continuously', () => {
    const state = createAdmission(provisioned);
    admit(state, { tokens: 3000 }, 0);
    expect(readHeadroom(state, 10_000).remainingTokens).toBe(4000);
    expect(readHeadroom(state, 40_000).remainingTokens).toBe(6000);
  });
});
