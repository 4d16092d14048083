import { createRandom, hashText } from './seeded-random.ts';

/** How long answers take: a first token and then each following one, varied by ± `jitter` (0 to 1) per request. */
export type LatencyOptions = { firstTokenMs: number; tokenMs: number; embeddingMs: number; jitter: number };

/** The latency of one request in simulated milliseconds. */
export type Latency = { firstTokenMs: number; tokenMs: number; embeddingMs: number };

/** No latency at all. */
export const NO_LATENCY: LatencyOptions = { firstTokenMs: 0, tokenMs: 0, embeddingMs: 0, jitter: 0 };

/** Draws one request's latency from the seed and the request's number. */
export function drawLatency(options: LatencyOptions, seed: number, requestNumber: number): Latency {
  const random = createRandom(hashText('latency', String(seed), String(requestNumber)));
  const vary = () => 1 + options.jitter * (2 * random() - 1);
  return {
    firstTokenMs: options.firstTokenMs * vary(),
    tokenMs: options.tokenMs * vary(),
    embeddingMs: options.embeddingMs * vary(),
  };
}
