import { type DeploymentLedger, tokenLimit } from './deployment-ledger.ts';
import type { DeploymentLimits } from './pool-limits.ts';
import { bucketOf, deploymentRing, fullestFrom } from './token-ring.ts';

/** A moment, and what is kept empty for it until then, in tokens × milliseconds. */
export interface KeptEmpty {
  readonly atMs: number;
  readonly tokenMs: number;
}

export interface HoldWanted {
  readonly tokens: number;
  readonly nowMs: number;
  readonly toMs: number;
  /** Part of the limit that is left free. */
  readonly reserve: number;
  /** Part of the limit that is in force. */
  readonly share: number;
}

/**
 * The moment of [now, to] at which a send time of many tokens is held at the least cost to everybody else; null when none has room. A
 * full window that frees them token by token is kept from filling for as long as that takes; where a big job leaves the window, they
 * come free at once, and up to then everybody else may use what else comes free.
 */
export function findLeastWaste(ledger: DeploymentLedger, limits: DeploymentLimits, want: HoldWanted): KeptEmpty | null {
  const { tokens, nowMs, toMs } = want;
  const limit = tokenLimit(ledger, limits) * want.share * (1 - want.reserve);
  const first = bucketOf(deploymentRing, nowMs);
  const last = bucketOf(deploymentRing, toMs) - first;
  const free = fullestFrom(deploymentRing, ledger.ring, nowMs, last).map((used) => limit - used);
  let best: KeptEmpty | null = null;
  for (let bucket = 0; bucket <= last; bucket += 1) {
    const room = (free[bucket] ?? limit) - tokens;
    if (room < 0 || !isWorthATry(free, bucket, tokens)) continue;
    let kept = 0;
    for (let before = 0; before < bucket; before += 1) kept += Math.max(0, (free[before] ?? limit) - room);
    const tokenMs = kept * deploymentRing.bucketMs;
    if (best === null || tokenMs < best.tokenMs)
      best = { atMs: Math.max(nowMs, (first + bucket) * deploymentRing.bucketMs), tokenMs };
  }
  return best;
}

/** Less is kept empty only for a moment at which much comes free at once; of the others the first is the best. */
function isWorthATry(free: readonly number[], bucket: number, tokens: number): boolean {
  const before = free[bucket - 1];
  const now = free[bucket];
  if (before === undefined || now === undefined) return bucket === 0;
  return before < tokens || now - before >= tokens / 4;
}
