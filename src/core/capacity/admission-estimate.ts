import type { Estimate } from '../tokens/estimate.ts';

/**
 * What the service's limiter charges at admission: a quarter of the prompt's characters, rounded up, one more, and the whole
 * output cap (azure-openai.md §1.2); corrected by what the deployment's own `remaining` taught.
 */
export function estimateAdmission(estimate: Estimate, calibration: number): number {
  const charged = Math.ceil(estimate.promptCharacters / 4) + 1 + estimate.outputTokens;
  return Math.max(1, Math.ceil(charged * calibration));
}
