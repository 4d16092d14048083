/** Stretches of virtual time that nobody holds any more, in order and apart from each other. */
export type Stretches = [number, number][];

/** Stretches kept by line; past it the shortest is forgotten: virtual time passes it when capacity does. */
const MOST_STRETCHES = 16;

/** Joins a stretch to the others. */
export function insertStretch(stretches: readonly [number, number][], added: readonly [number, number]): Stretches {
  const merged: Stretches = [];
  for (const stretch of [...stretches, added].sort((left, right) => left[0] - right[0])) {
    const last = merged.at(-1);
    if (last !== undefined && stretch[0] <= last[1] + 1e-6) last[1] = Math.max(last[1], stretch[1]);
    else merged.push([stretch[0], stretch[1]]);
  }
  while (merged.length > MOST_STRETCHES) {
    const lengths = merged.map(([from, to]) => to - from);
    merged.splice(lengths.indexOf(Math.min(...lengths)), 1);
  }
  return merged;
}

/** How much of [from, to] nobody holds. */
export function deadBetween(stretches: readonly [number, number][] | undefined, from: number, to: number): number {
  let dead = 0;
  for (const [start, finish] of stretches ?? []) dead += Math.max(0, Math.min(finish, to) - Math.max(start, from));
  return dead;
}
