/** A commit by its id, and the newest one before it; null where the line's row named none. */
export interface CommitName {
  readonly id: string;
  readonly baseId: string | null;
}

/** `open`: it has not happened so far and still may; `never`: another commit took its place, so that it cannot any more. */
export type CommitFate = 'applied' | 'open' | 'never' | 'unknown';

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
 * alone that it did not. It was to replace the rows that its predecessor left, so while that is the newest it may still be under way.
 * With neither id, too many others came between, or a build that keeps no trail.
 */
export function fateOf(trail: readonly string[], { id, baseId }: CommitName): CommitFate {
  if (trail.includes(id)) return 'applied';
  const isBaseKept = baseId === null ? trail.length < KEPT : trail.includes(baseId);
  if (!isBaseKept) return 'unknown';
  return (trail.at(-1) ?? null) === baseId ? 'open' : 'never';
}

/** Of tries without an answer the one that has happened after all, and those that still may: at most one of them will. */
export function settleTries<Try extends { readonly name: CommitName }>(
  tries: readonly Try[],
  trail: readonly string[],
): { readonly applied: Try | null; readonly open: readonly Try[] } {
  const applied = tries.find(({ name }) => fateOf(trail, name) === 'applied') ?? null;
  return { applied, open: tries.filter(({ name }) => fateOf(trail, name) === 'open') };
}
