import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../../random.ts';

// Node draws integers below 2^48 at most.
const resolution = 2 ** 48 - 1;

/** Chance from the operating system: fit for identifiers that nobody may guess. */
export const systemRandom: Random = {
  next: () => randomInt(resolution) / resolution,
  hex: (bytes) => randomBytes(bytes).toString('hex'),
};
