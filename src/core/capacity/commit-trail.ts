/** A commit by its id, and the newest one before it; null where the line's row named none. */
export interface CommitName {
  readonly id: string;
  readonly baseId: string | null;
}

/** `open`: it has not happened so far, and cannot any more once another one has. */
export type CommitFate = 'applied' | 'open' | 'unknown';

/** Ids kept: far more than a pool bears in the seconds for which storage is asked for an answer. */
const KEPT = 64;

/** Characters of an id that are its process's own; the rest counts its commits. */
const WRITER_CHARACTERS = 8;

/** How many processes wrote the commits that the trail remembers, at least 1. */
export function countWriters(trail: readonly string[]): number {
  return Math.max(1, new Set(trail.map((id) => id.slice(0, WRITER_CHARACTERS))).size);
}

/** The trail after one more commit, oldest first. */
export function extendTrail(trail: readonly string[], id: string): string[] {
  return [...trail, id].slice(-KEPT);
}

/**
 * What became of a commit whose answer got lost, by the trail of a later read: its own id says that it happened, its predecessor's
 * alone that it did not. With neither, too many others came between, or a build that keeps no trail.
 */
export function fateOf(trail: readonly string[], { id, baseId }: CommitName): CommitFate {
  if (trail.includes(id)) return 'applied';
  return baseId !== null && trail.includes(baseId) ? 'open' : 'unknown';
}
