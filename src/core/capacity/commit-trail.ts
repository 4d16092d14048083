/** A commit by its id, and the newest one before it; null where the line's row named none. */
export interface CommitName {
  readonly id: string;
  readonly baseId: string | null;
}

/** `open`: it has not happened so far, and cannot any more once another one has. */
export type CommitFate = 'applied' | 'open' | 'unknown';

/** Ids kept: far more than a pool bears in the seconds for which storage is asked for an answer. */
const KEPT = 64;

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
