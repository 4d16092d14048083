import type { IssuedKey } from '../../src/core/identity/keys-document.ts';

/** Live keys a team may have: the one in use, and its successor while callers change over. */
export const mostKeysPerTeam = 2;

/** Shortest beginning of a hash that names a key. */
const shortestPrefix = 6;

/** What to do with the document of keys. */
export type KeyChange =
  /** `isRotation`: the successor of a key that is there, not a team's first. */
  | { readonly kind: 'add'; readonly key: IssuedKey; readonly isRotation: boolean }
  /** `key` is a name or the beginning of a hash; `team` null = whichever has it. */
  | { readonly kind: 'revoke'; readonly team: string | null; readonly key: string };

export type KeyDecision =
  /** `affected` was added or revoked; `left` are the other live keys of its team. */
  | {
      readonly outcome: 'changed';
      readonly keys: readonly IssuedKey[];
      readonly affected: IssuedKey;
      readonly left: readonly IssuedKey[];
    }
  | { readonly outcome: 'refused'; readonly message: string };

/**
 * Decides what the keys are after a change; a key that is there already, hash for hash, counts as added. `where` are the options
 * that lead to the document, repeated in the commands of a refusal.
 */
export function changeKeys(keys: readonly IssuedKey[], change: KeyChange, where = ''): KeyDecision {
  return change.kind === 'add' ? addKey(keys, change, where) : revokeKey(keys, change, where);
}

/** The command that revokes a key, ready to be pasted. */
export function revocationOf(key: IssuedKey, where: string): string {
  return ['npm run weir -- keys revoke --team', key.team, '--key', showHash(key), where].filter(Boolean).join(' ');
}

function addKey(
  keys: readonly IssuedKey[],
  { key, isRotation }: Extract<KeyChange, { kind: 'add' }>,
  where: string,
): KeyDecision {
  const others = keys.filter((other) => other.team === key.team && other.sha256 !== key.sha256);
  // A write whose answer was lost may have been applied.
  if (keys.some((other) => other.sha256 === key.sha256)) {
    return { outcome: 'changed', keys, affected: key, left: others };
  }
  if (isRotation && others.length === 0) {
    return refuse(
      `The team ${key.team} has no key to rotate. Make its first: npm run weir -- keys make --team ${key.team} ${where}`.trimEnd(),
    );
  }
  if (others.length >= mostKeysPerTeam) {
    return refuse(
      `The team ${key.team} has ${others.length} live keys already; more are not made. Revoke one first:\n${listChoices(others, where)}`,
    );
  }
  if (others.some((other) => other.name === key.name)) {
    return refuse(`The team ${key.team} has a live key named "${key.name}" already; choose another --name.`);
  }
  return { outcome: 'changed', keys: [...keys, key], affected: key, left: others };
}

function revokeKey(
  keys: readonly IssuedKey[],
  { team, key: wanted }: Extract<KeyChange, { kind: 'revoke' }>,
  where: string,
): KeyDecision {
  const own = keys.filter((key) => team === null || key.team === team);
  const named = own.filter((key) => key.name === wanted);
  const found = named.length > 0 ? named : own.filter((key) => isPrefixOf(wanted, key.sha256));
  const [key, ...more] = found;
  if (key === undefined) {
    const choices = own.length === 0 ? 'There are none.' : `There are:\n${listChoices(own, where)}`;
    // What was given may be a key: it is not repeated.
    const asked = `has that name or a hash that begins so (${shortestPrefix} characters at least)`;
    return refuse(`No ${team === null ? '' : `${team} `}key ${asked}. ${choices}`);
  }
  if (more.length > 0) {
    return refuse(`Several keys fit; name one by its team and more of its hash:\n${listChoices(found, where)}`);
  }
  return {
    outcome: 'changed',
    keys: keys.filter((other) => other !== key),
    affected: key,
    left: keys.filter((other) => other.team === key.team && other !== key),
  };
}

function isPrefixOf(text: string, digest: string): boolean {
  return text.length >= shortestPrefix && digest.startsWith(text.toLowerCase());
}

function listChoices(keys: readonly IssuedKey[], where: string): string {
  return keys.map((key) => `  ${revocationOf(key, where)}   # ${describeKey(key)}`).join('\n');
}

/** The part of a key's hash that people are shown. */
export function showHash(key: IssuedKey): string {
  return key.sha256.slice(0, 12);
}

/** A key's name and age as words, such as `"nightly", made 2026-11-23`. */
export function describeKey(key: IssuedKey): string {
  const name = key.name === undefined ? 'without a name' : `"${key.name}"`;
  return key.createdAt === undefined ? name : `${name}, made ${key.createdAt.slice(0, 10)}`;
}

function refuse(message: string): KeyDecision {
  return { outcome: 'refused', message };
}
