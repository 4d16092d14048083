import type { Estimate } from './estimate.ts';

/** Who limits an answer's length: the caller in the request, or Weir because the caller did not. */
export type CapSetter = 'caller' | 'weir';

/** The cap of each answer in tokens and who set it; null where there is no output to cap (embeddings). */
export function outputCapOf(estimate: Estimate): { readonly outputTokens: number; readonly setBy: CapSetter } | null {
  if (estimate.imposedOutputCap !== null) return { outputTokens: estimate.imposedOutputCap, setBy: 'weir' };
  if (estimate.outputTokens === 0) return null;
  return { outputTokens: Math.round(estimate.outputTokens / (estimate.choices ?? 1)), setBy: 'caller' };
}
