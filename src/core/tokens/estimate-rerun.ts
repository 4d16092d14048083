import type { Estimate } from './estimate.ts';

/** The estimate of the one re-run with the larger cap; null when the request has none. A re-run has no re-run of its own. */
export function estimateRerun(estimate: Estimate): Estimate | null {
  const cap = estimate.rerunOutputCap ?? null;
  if (cap === null || estimate.imposedOutputCap === null) return null;
  return {
    ...estimate,
    outputTokens: (estimate.choices ?? 1) * cap,
    imposedOutputCap: cap,
    rerunOutputCap: null,
  };
}
