import { estimateAdmission } from '../../src/core/capacity/admission-estimate.ts';
import { calibrate } from '../../src/core/capacity/calibrate.ts';
import {
  advanceLedger,
  createLedger,
  enterBooking,
  findFit,
  payPace,
  tokenLimit,
} from '../../src/core/capacity/deployment-ledger.ts';
import type { DeploymentLimits } from '../../src/core/capacity/pool-limits.ts';
import { noUsage } from '../../src/core/tokens/usage.ts';
import { admit, createAdmission } from '../../tools/simulator/admission.ts';
import type { Measured } from './prompt-errors.ts';

export interface CalibrationFigures {
  /** The service charges this much of what the formula says. */
  readonly serviceFactor: number;
  /** What the ledger has learnt after each five minutes. */
  readonly learned: readonly number[];
  /** Error of the calibrated booking at the end. */
  readonly error: number;
  readonly throttledPerCall: number;
  /** Charged by the service ÷ its limit, over the last ten minutes. */
  readonly utilisation: number;
}

const tokensPerMinute = 100_000;
const minutes = 30;
const outputTokens = 512;

/** Books on the real ledger against a service whose charge differs from the formula by a factor, for half a virtual hour. */
export function runCalibration(serviceFactor: number, measured: readonly Measured[]): CalibrationFigures {
  const limits: DeploymentLimits = {
    name: 'eastus',
    region: 'eastus',
    priority: 1,
    isProvisioned: false,
    isPaused: false,
    tokensPerMinute,
    requestsPerMinute: 10_000,
    requestWindowSeconds: 10,
    spill: [],
  };
  const ledger = createLedger();
  const service = createAdmission({
    tokensPerMinute,
    requestsPerMinute: 10_000,
    requestWindowSeconds: 10,
    window: 'sliding',
    sku: 'GlobalStandard',
  });
  const learned: number[] = [];
  let nowMs = 1_790_000_000_000;
  const startedAtMs = nowMs;
  const endMs = nowMs + minutes * 60_000;
  const sums = { calls: 0, throttled: 0, chargedLate: 0 };
  for (let next = 0; nowMs < endMs; next += 1) {
    const job = measured[next % measured.length];
    if (job === undefined) break;
    while ((learned.length + 1) * 300_000 <= nowMs - startedAtMs) learned.push(ledger.calibration);
    advanceLedger(ledger, limits, { nowMs, heldTokens: 0 });
    const estimate = { inputTokens: 0, promptCharacters: job.promptCharacters, outputTokens, imposedOutputCap: null };
    const needed = estimateAdmission(estimate);
    const tokens = Math.min(needed, tokenLimit(ledger, limits));
    const fit = findFit(ledger, limits, {
      tokens,
      fromMs: nowMs,
      toMs: nowMs + 130_000,
      isPaced: true,
      overdrawMs: 0,
      reserve: 0,
      share: 1,
    });
    if (!fit.isFound) {
      nowMs += 1000;
      continue;
    }
    nowMs = fit.sendAtMs;
    enterBooking(ledger, { tokens, sendAtMs: nowMs });
    payPace(ledger, limits, { tokens, sendAtMs: nowMs }, { nowMs, heldTokens: 0 });
    const charge = Math.round(needed * serviceFactor);
    const decision = admit(service, { tokens: charge }, nowMs);
    sums.calls += 1;
    const isThrottled = decision.outcome === 'refused';
    if (isThrottled) sums.throttled += 1;
    else if (nowMs > endMs - 600_000) sums.chargedLate += charge;
    calibrate(ledger, limits, {
      jobId: String(next),
      endpoint: '/v1/chat/completions',
      booking: {
        id: String(next),
        model: 'gpt-4.1-mini',
        team: 'bench',
        lane: 'standard',
        deployment: 'eastus',
        sendAtMs: nowMs,
        enteredAtMs: nowMs,
        tokens,
        mostDelayMs: 250,
        why: '',
      },
      sentAtMs: nowMs,
      outcome: isThrottled ? 'throttled' : 'succeeded',
      reason: null,
      statusCode: isThrottled ? 429 : 200,
      health: 'none',
      throttle: isThrottled ? 'tokens' : null,
      coolDownMs: null,
      limitTokens: decision.headroom.limitTokens,
      remainingTokens: decision.headroom.remainingTokens > 0 ? decision.headroom.remainingTokens : null,
      firstByteMs: null,
      latencyMs: 0,
      usage: noUsage,
    });
    // What cooling a deployment costs is the capacity bench's matter; here the next call only waits a second.
    if (isThrottled) nowMs += 1000;
  }
  return {
    serviceFactor,
    learned,
    error: ledger.calibration / serviceFactor - 1,
    throttledPerCall: sums.throttled / Math.max(1, sums.calls),
    utilisation: sums.chargedLate / (tokensPerMinute * 10),
  };
}
