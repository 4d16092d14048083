import { expect, test } from 'vitest';
import { beginOfHour } from '../../../../src/core/gateway/rotation.ts';

test.each([
  [1, 1],
  [7, 4],
  [1000, 50],
  [20_000, 700],
])(
  'of %i items, of which %i fit into an hour, none waits more than three times its share of the hours',
  (count, fit) => {
    const mostHours = Math.ceil((3 * count) / fit);
    for (const firstHour of [0, 17, 495_000, 495_001, 2_000_000]) {
      const reached = new Set<number>();
      for (let hour = firstHour; hour < firstHour + mostHours; hour += 1) {
        for (let place = 0; place < fit; place += 1) reached.add((beginOfHour(hour, count) + place) % count);
      }
      expect(reached.size).toBe(count);
    }
  },
);

test('nothing to begin with is no error', () => {
  expect(beginOfHour(495_000, 0)).toBe(0);
});
