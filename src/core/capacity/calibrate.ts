import type { CallReport } from './capacity.ts';
import { type DeploymentLedger, tokenLimit } from './deployment-ledger.ts';
import type { DeploymentLimits } from './pool-limits.ts';
import { deploymentRing, type RingShape, remembers, sumRing } from './token-ring.ts';

/**
 * Calls of the newest half second may still be on their way, and as many of the oldest may have come late: what the service has
 * charged lies between the minute without either and the minute with both. A big job at the edge is no difference.
 */
const EDGE_BUCKETS = 2;
const { bucketMs } = deploymentRing;
const edgeMs = EDGE_BUCKETS * bucketMs;
const shortMinute: RingShape = { bucketMs, windowBuckets: 60_000 / bucketMs - EDGE_BUCKETS };
const longMinute: RingShape = { bucketMs, windowBuckets: 60_000 / bucketMs + EDGE_BUCKETS };

/** Weight of one report: some hundred make up the figure. */
const WEIGHT = 0.01;
/** One report moves the figure as if it differed by no more than this: a burst of another application changes little. */
const MOST_DIFFERENCE = 0.05;
/** What a token 429 that the ledger did not foresee adds: it comes without a `remaining` to compare with. */
const THROTTLED_STEP = 0.005;
const LEAST = 0.5;
const MOST = 2;
/**
 * How fast the figure returns to the documented formula where that explains the service as well: half of the way in seventy calls. A
 * burst of another application moves it by some 4 % while it lies within the service's minute; what it taught should not last longer.
 */
const SETTLE = 0.01;
/** The same for each call that a full deployment lets through without telling what is left: 429s are then all there is to learn from. */
const FORGET = 0.00025;
/** From this part of its limit on a deployment is full. */
const FULL_LOAD = 0.8;
/** Under this load the difference says more about rounding than about the formula. */
const LEAST_LOAD = 0.2;
/** Less than this part of what was sent: the service has begun a new minute instead of sliding. */
const RESET_RATIO = 0.4;
/** How long a seen reset keeps the correction from falling below 1: a fixed minute shows less than the last 60 seconds. */
const RESET_MEMORY_MS = 15 * 60_000;

/**
 * Compares what the service says it has charged (its limit − remaining) with the estimates in the ring at the send time and moves the
 * deployment's calibration towards it. The ring holds estimates as they were made, so the figure does not feed back on itself.
 */
export function calibrate(ledger: DeploymentLedger, limits: DeploymentLimits, report: CallReport): void {
  if (limits.isProvisioned) return;
  if (report.throttle === 'tokens') move(ledger, ledger.calibration + THROTTLED_STEP, report.sentAtMs);
  if (report.outcome !== 'succeeded' || !remembers(deploymentRing, ledger.ring, report.sentAtMs)) return;
  const least = sumRing(shortMinute, ledger.ring, report.sentAtMs - edgeMs).tokens;
  const most = sumRing(longMinute, ledger.ring, report.sentAtMs + bucketMs).tokens;
  if (report.remainingTokens === null) {
    const isTested = ledger.calibration > 1 && least >= FULL_LOAD * tokenLimit(ledger, limits);
    if (isTested) move(ledger, ledger.calibration - FORGET * (ledger.calibration - 1), report.sentAtMs);
    return;
  }
  if (least < limits.tokensPerMinute * LEAST_LOAD) return;
  const charged = chargedBetween(limits, report.limitTokens, report.remainingTokens);
  if (charged.most < RESET_RATIO * least) ledger.resetSeenAtMs = report.sentAtMs;
  const [lowest, highest] = [charged.least / most, charged.most / least];
  const expected = Math.min(highest, Math.max(lowest, ledger.calibration));
  const difference = Math.min(MOST_DIFFERENCE, Math.max(-MOST_DIFFERENCE, expected - ledger.calibration));
  // The documented formula agrees with what is there, and no more than the figure is asked for: the formula is believed, slowly.
  const isFormulaTrue = ledger.calibration > 1 && difference <= 0 && lowest <= 1 && highest >= 1;
  const settling = isFormulaTrue ? SETTLE * (1 - ledger.calibration) : 0;
  move(ledger, ledger.calibration + WEIGHT * difference + settling, report.sentAtMs);
}

/**
 * What the service has charged to this gateway, by what it grants (null: it does not say) and what is left of that. `remaining` counts
 * down from the grant. What is granted beyond the configured limit is somebody else's, who may have used all of it or nothing; a
 * grant below the limit counts as used up. Without the grant a small charge may be a large grant, and teaches nothing.
 */
function chargedBetween(
  { tokensPerMinute }: DeploymentLimits,
  granted: number | null,
  remaining: number,
): { readonly least: number; readonly most: number } {
  const least = tokensPerMinute - remaining;
  return { least, most: granted === null ? Number.POSITIVE_INFINITY : Math.max(tokensPerMinute, granted) - remaining };
}

function move(ledger: DeploymentLedger, calibration: number, atMs: number): void {
  const least = atMs - ledger.resetSeenAtMs < RESET_MEMORY_MS ? 1 : LEAST;
  ledger.calibration = Math.min(MOST, Math.max(least, calibration));
}
