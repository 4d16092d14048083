import { expect, it } from 'vitest';
import { readDelaySeconds } from '../../../../../src/core/adapters/azure-queues/wake-queue.ts';

it.each([
  [0, 0],
  [-5, 0],
  [Number.NaN, 0],
  [999, 0],
  [1000, 1],
  [61_900, 61],
  [604_800_000, 604_800],
  [9_999_999_999, 604_800],
  [Number.POSITIVE_INFINITY, 604_800],
])('hides a message that waits %d ms for %d s', (delayMs, seconds) => {
  expect(readDelaySeconds(delayMs)).toBe(seconds);
});
