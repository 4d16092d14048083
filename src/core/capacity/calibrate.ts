import type { CallReport } from './capacity.ts';
import type { DeploymentLedger } from './deployment-ledger.ts';
import type { DeploymentLimits } from './pool-limits.ts';
import { deploymentRing, type RingShape, sumRing } from './token-ring.ts';

/** Exactly the service's minute: comparing with the wider window would teach that we overestimate. */
const serviceMinute: RingShape = { bucketMs: deploymentRing.bucketMs, windowBuckets: 60_000 / deploymentRing.bucketMs };

/** A step of the slow median: a hundred reports move the correction by a fifth. */
const STEP = 0.002;
const LEAST = 0.5;
const MOST = 2;
/** Under this load the difference says more about rounding than about the formula. */
const LEAST_LOAD = 0.2;
/** Within this the two agree: buckets round, and calls are on their way. Erring towards too much is the dearer side. */
const AGREES = { from: 0.97, to: 1.005 };
/** Less than this part of what was sent: the service has begun a new minute instead of sliding. */
const RESET_RATIO = 0.4;
/** How long a seen reset keeps the correction from falling below 1: a fixed minute shows less than the last 60 seconds. */
const RESET_MEMORY_MS = 15 * 60_000;

/**
 * Compares what the service says it has charged (limit − remaining) with the ring at the send time and moves the deployment's
 * correction a small step towards it: a slow median, so that another application's burst or one late answer changes little.
 */
export function calibrate(ledger: DeploymentLedger, limits: DeploymentLimits, report: CallReport): void {
  if (limits.isProvisioned || report.remainingTokens === null || report.outcome !== 'succeeded') return;
  const own = sumRing(serviceMinute, ledger.ring, report.sentAtMs).tokens;
  if (own < limits.tokensPerMinute * LEAST_LOAD) return;
  const ratio = (limits.tokensPerMinute - report.remainingTokens) / own;
  if (ratio < RESET_RATIO) ledger.resetSeenAtMs = report.sentAtMs;
  const isFixedMinute = report.sentAtMs - ledger.resetSeenAtMs < RESET_MEMORY_MS;
  const least = isFixedMinute ? 1 : LEAST;
  // The ring already holds corrected charges: the ratio says how far off the correction still is.
  if (ratio >= AGREES.from && ratio <= AGREES.to) return;
  const moved = ledger.calibration * (ratio > 1 ? 1 + STEP : 1 - STEP);
  ledger.calibration = Math.min(MOST, Math.max(least, moved));
}
