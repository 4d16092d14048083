/** Fractional part of the golden ratio: its multiples, modulo one, never lie close together. */
const goldenPart = (Math.sqrt(5) - 1) / 2;

/**
 * With which of `count` items an hour begins, from 0; 0 when there are none. Hours in a row begin far apart, so that where `n` items fit into
 * an hour each is reached within about 3 × `count` / `n` hours, without anybody noting how far the last hour came.
 */
export function beginOfHour(hour: number, count: number): number {
  return Math.floor(((hour * goldenPart) % 1) * count);
}
