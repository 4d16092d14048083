import type { TeamConfig } from '../config/config-schema.ts';

/** The team that owns the key with this SHA-256 (lower-case hex); null when nobody does. Takes as long whoever owns it. */
export function findKeyTeam(teams: readonly TeamConfig[], digest: string): TeamConfig | null {
  let owner: TeamConfig | null = null;
  for (const team of teams) {
    for (const key of team.keys) {
      if (isEqual(key.sha256, digest)) owner = team;
    }
  }
  return owner;
}

/** Compares texts of equal length in constant time; the length of a digest is no secret. */
function isEqual(left: string, right: string): boolean {
  if (left.length !== right.length) return false;
  let difference = 0;
  for (let at = 0; at < left.length; at += 1) difference |= left.charCodeAt(at) ^ right.charCodeAt(at);
  return difference === 0;
}
