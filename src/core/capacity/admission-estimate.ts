import type { Estimate } from '../tokens/estimate.ts';

/**
 * What the service's limiter charges at admission: a quarter of the prompt's characters, rounded up, one more, and the whole
 * output cap (azure-openai.md §1.2). How far a deployment differs from it is in its ledger's calibration.
 */
export function estimateAdmission(estimate: Estimate): number {
  return Math.max(1, Math.ceil(estimate.promptCharacters / 4) + 1 + estimate.outputTokens);
}
