import { describe, expect, it } from 'vitest';
import { calibrate } from '../../../../src/core/capacity/calibrate.ts';
import type { CallReport } from '../../../../src/core/capacity/capacity.ts';
import {
  advanceLedger,
  createLedger,
  enterBooking,
  findFit,
  payPace,
  tokenLimit,
} from '../../../../src/core/capacity/deployment-ledger.ts';
import { admit, consumeQuota, createAdmission } from '../../../../tools/simulator/admission.ts';
import { deployment, report, startMs } from './sample-pool.ts';

const configured = 100_000;
const limits = deployment({ tokensPerMinute: configured, requestsPerMinute: 10_000 });
const jobTokens = 1000;

interface Service {
  readonly grants: number;
  /** The service charges this much of what the formula says. */
  readonly factor?: number;
  /** What another application uses of the grant in a minute. */
  readonly foreign?: number;
  /** For so long it does; to the end by default. */
  readonly foreignMinutes?: number;
  /** Whether `x-ratelimit-limit-tokens` is sent. */
  readonly tellsGrant?: boolean;
  /** Whether `x-ratelimit-remaining-tokens` is sent. */
  readonly tellsRemaining?: boolean;
}

/** Twenty minutes of as many calls as the ledger lets through; tells what was charged in the fullest minute of the last ten. */
function run({ grants, factor = 1, foreign = 0, foreignMinutes = 20, tellsGrant = true, ...told }: Service) {
  const { tellsRemaining = true } = told;
  const ledger = createLedger();
  const service = createAdmission({
    tokensPerMinute: grants,
    requestsPerMinute: 10_000,
    requestWindowSeconds: 10,
    window: 'sliding',
    sku: 'GlobalStandard',
  });
  const sent: { atMs: number; charge: number }[] = [];
  let throttled = 0;
  let highest = 1;
  let nowMs = startMs;
  let foreignMs = startMs;
  while (nowMs < startMs + 20 * 60_000) {
    advanceLedger(ledger, limits, { nowMs, heldTokens: 0 });
    const tokens = Math.min(jobTokens, tokenLimit(ledger, limits));
    const want = { tokens, isPaced: true, overdrawMs: 0, reserve: 0, share: 1 };
    const fit = findFit(ledger, limits, { ...want, fromMs: nowMs, toMs: nowMs + 70_000 });
    if (!fit.isFound) throw new Error(`No room at ${nowMs}.`);
    nowMs = fit.sendAtMs;
    enterBooking(ledger, { tokens, sendAtMs: nowMs });
    payPace(ledger, limits, { tokens, sendAtMs: nowMs }, { nowMs, heldTokens: 0 });
    for (; foreignMs < nowMs; foreignMs += 1000)
      if (foreignMs < startMs + foreignMinutes * 60_000)
        consumeQuota(service, { tokens: foreign / 60, requests: 0 }, foreignMs);
    const charge = Math.round(tokens * factor);
    const { outcome, headroom } = admit(service, { tokens: charge }, nowMs);
    if (outcome === 'admitted') sent.push({ atMs: nowMs, charge });
    else throttled += 1;
    const answer: Partial<CallReport> = {
      outcome: outcome === 'admitted' ? 'succeeded' : 'throttled',
      throttle: outcome === 'admitted' ? null : 'tokens',
      limitTokens: tellsGrant ? headroom.limitTokens : null,
      remainingTokens: tellsRemaining && headroom.remainingTokens > 0 ? headroom.remainingTokens : null,
    };
    calibrate(ledger, limits, report({ ...answer, sentAtMs: nowMs, booking: bookingAt(nowMs, tokens) }));
    highest = Math.max(highest, ledger.calibration);
  }
  const late = sent.filter(({ atMs }) => atMs > startMs + 10 * 60_000);
  const minutes = late.map(({ atMs }) =>
    late.filter((call) => call.atMs <= atMs && call.atMs > atMs - 60_000).reduce((sum, call) => sum + call.charge, 0),
  );
  return { calibration: ledger.calibration, highest, fullestMinute: Math.max(...minutes), throttled };
}

function bookingAt(sendAtMs: number, tokens: number): CallReport['booking'] {
  const place = { model: 'model', team: 'search', lane: 'standard', deployment: 'east' } as const;
  return { id: '', ...place, sendAtMs, enteredAtMs: sendAtMs, mostDelayMs: 250, tokens, why: '' };
}

describe('calibrate', () => {
  it.each([
    ['as much as is configured', { grants: configured }],
    ['half as much again', { grants: 1.5 * configured }],
    ['half as much again, which it does not tell', { grants: 1.5 * configured, tellsGrant: false }],
    ['ten times as much', { grants: 10 * configured }],
    ['half as much again, and another application uses that', { grants: 1.5 * configured, foreign: configured / 2 }],
    ['half as much again, and charges less than the formula', { grants: 1.5 * configured, factor: 0.8 }],
    ['as much, charges less, and does not tell its limit', { grants: configured, factor: 0.8, tellsGrant: false }],
  ])('never raises a deployment above its configured limit when the service grants %s', (_what, service) => {
    const { fullestMinute } = run(service);
    expect(fullestMinute).toBeLessThanOrEqual(configured);
  });

  it('uses the whole of the configured limit where the service charges less than the formula says', () => {
    const { calibration, fullestMinute } = run({ grants: 1.5 * configured, factor: 0.8 });
    expect(calibration).toBeCloseTo(0.8, 1);
    expect(fullestMinute).toBeGreaterThan(0.95 * configured);
  });

  it('leaves another application what is granted beyond the limit, and keeps its own', () => {
    const { fullestMinute, throttled } = run({ grants: 1.5 * configured, foreign: configured / 2 });
    expect(fullestMinute).toBeGreaterThan(0.95 * configured);
    expect(throttled).toBe(0);
  });

  it('forgets the 429s that another application caused, and leaves nothing unused for them', () => {
    const { calibration, fullestMinute, throttled } = run({ grants: configured, foreign: 30_000, foreignMinutes: 2 });
    expect(throttled).toBeGreaterThan(5);
    expect(calibration).toBeLessThan(1.003);
    expect(fullestMinute).toBeGreaterThan(0.985 * configured);
  });

  it('forgets them slowly where the service does not tell what is left', () => {
    const silent = { grants: configured, tellsRemaining: false };
    const { calibration, highest } = run({ ...silent, foreign: 30_000, foreignMinutes: 2 });
    expect(highest).toBeGreaterThan(1.03);
    expect(calibration - 1).toBeLessThan(0.8 * (highest - 1));
    // What is true is learnt from 429s alone, and they stay rare.
    const dear = run({ ...silent, factor: 1.06 });
    expect(dear.calibration).toBeGreaterThan(1.03);
    expect(dear.throttled / 2000).toBeLessThan(0.01);
  });

  it('sends less where the service grants less than is configured, or charges more', () => {
    const small = run({ grants: 0.8 * configured });
    expect(small.calibration).toBeGreaterThan(1.2);
    expect(small.fullestMinute).toBeLessThanOrEqual(0.8 * configured);
    const dear = run({ grants: configured, factor: 1.2 });
    expect(dear.calibration).toBeCloseTo(1.2, 1);
  });
});
