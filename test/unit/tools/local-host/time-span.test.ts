import { expect, it } from 'vitest';
import { parseTimeSpanMs } from '../../../../tools/local-host/time-span.ts';

it.each([
  ['00:00:30', 30_000],
  ['00:30:00', 1_800_000],
  ['1.02:03:04.5', 93_784_500],
  ['00:00:00.2', 200],
  ['00:00:00', 0],
  ['5:00', 18_000_000],
])('reads %s as %i ms', (text, expectedMs) => {
  expect(parseTimeSpanMs(text)).toBe(expectedMs);
});

it.each(['', '30', '24:00:00', '00:60:00', '-1', '0 */5 * * * *', '00:00:01s'])(
  'finds no time span in "%s"',
  (text) => {
    expect(parseTimeSpanMs(text)).toBeUndefined();
  },
);
