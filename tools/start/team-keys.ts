import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LaunchError } from './launch-error.ts';
import { replaceFile } from './launch-state.ts';

/** Local team keys by team id. */
export type TeamKeys = Record<string, string>;

/** The keys in `.weir/keys.json`; none when there is no such file. */
export function readTeamKeys(folder: string): TeamKeys {
  const file = join(folder, 'keys.json');
  if (!existsSync(file)) return {};
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'));
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).filter(([, key]) => typeof key === 'string'));
    }
  } catch {
    // Told below, without the content.
  }
  throw new LaunchError(`${file} is not readable as JSON. Repair it, or remove it to have new keys made.`);
}

/** A key for each team: kept ones, and random new ones for teams that had none, which are then kept too. */
export function ensureTeamKeys(folder: string, teamIds: readonly string[]): TeamKeys {
  const kept = readTeamKeys(folder);
  const missing = teamIds.filter((id) => kept[id] === undefined);
  if (missing.length > 0) {
    for (const id of missing) kept[id] = `weir_${id}_${randomBytes(32).toString('base64url')}`;
    replaceFile(join(folder, 'keys.json'), `${JSON.stringify(kept, null, 2)}\n`);
  }
  return Object.fromEntries(teamIds.map((id) => [id, kept[id] ?? '']));
}
