/** Fewer answers say too little about their longest hundredth. */
export const leastSamples = 50;

/** One answer in a hundred is longer than this. */
const quantile = 0.99;
/** For answers to come; by the bench of estimates a larger one costs more quota than it saves re-runs. */
const margin = 1.1;
/** Caps are multiples of this, so that they do not change with every answer. */
const stepTokens = 64;
/** Short answers vary the most in proportion, and cost little quota. */
const leastCapTokens = 256;

/**
 * The output cap that a team's earlier answers teach: their 99th percentile and a tenth, rounded up, at least 256 and never over
 * `maxOutputTokens`. Null until there are enough of them. Samples that a learnt cap cut off do not pull it down: they lie above the
 * percentile they are cut to.
 */
export function learnOutputCap(outputTokens: readonly number[], maxOutputTokens: number): number | null {
  if (outputTokens.length < leastSamples) return null;
  const sorted = outputTokens.toSorted((left, right) => left - right);
  const long = sorted[Math.ceil(quantile * sorted.length) - 1] ?? maxOutputTokens;
  const cap = Math.max(leastCapTokens, Math.ceil((long * margin) / stepTokens) * stepTokens);
  return Math.min(maxOutputTokens, cap);
}
