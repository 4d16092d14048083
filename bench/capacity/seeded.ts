import type { Random } from '../../src/core/random.ts';
import { createRandom, drawNormal, hashText } from '../../tools/simulator/seeded-random.ts';

/** Draws of one part of a run, independent of every other part's. */
export interface Draws extends Random {
  uniform(from: number, to: number): number;
  lognormal(median: number, sigma: number): number;
}

/** Draws that follow from the run's seed and the part's name alone. */
export function draw(seed: number, part: string): Draws {
  const next = createRandom(hashText(String(seed), part));
  return {
    next,
    hex: (bytes) => Array.from({ length: bytes * 2 }, () => Math.floor(next() * 16).toString(16)).join(''),
    uniform: (from, to) => from + next() * (to - from),
    lognormal: (median, sigma) => median * Math.exp(sigma * drawNormal(next)),
  };
}
