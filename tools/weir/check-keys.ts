import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import type { IssuedKey } from '../../src/core/identity/keys-document.ts';
import { describeKey, mostKeysPerTeam, showHash } from './change-keys.ts';
import { type Finding, ok, problem, warning } from './finding.ts';

const dayMs = 86_400_000;
const oldAfterDays = 180;
/** A rotation that has not been finished after this long was forgotten. */
const rotationDays = 30;

/** Looks at the issued keys: whom they open for, which are too old, which rotations were not finished. */
export function checkKeys(config: WeirConfig, keys: readonly IssuedKey[], nowMs: number): readonly Finding[] {
  const findings: Finding[] = [ok(`${keys.length} issued key${keys.length === 1 ? '' : 's'}`)];
  const owners = new Map(config.teams.flatMap((team) => team.keys.map((key) => [key.sha256, team.id] as const)));
  for (const key of keys) {
    const name = `Key of ${key.team}, ${describeKey(key)}, hash ${showHash(key)}`;
    const revoke = `npm run weir -- keys revoke --team ${key.team} --key ${showHash(key)}`;
    const owner = owners.get(key.sha256);
    owners.set(key.sha256, owner ?? key.team);
    if (owner !== undefined && owner !== key.team) {
      findings.push(problem(`${name}: it belongs to the team ${owner} already and opens that one.`, revoke));
    } else if (!config.teams.some((team) => team.id === key.team)) {
      findings.push(warning(`${name}: there is no such team, so it opens nothing.`, revoke));
    } else if (ageDays(key, nowMs) > oldAfterDays) {
      findings.push(
        warning(`${name}: it is ${ageDays(key, nowMs)} days old.`, `npm run weir -- keys rotate --team ${key.team}`),
      );
    }
  }
  for (const team of new Set(keys.map((key) => key.team))) {
    const own = keys.filter((key) => key.team === team);
    const isStale = own.length >= mostKeysPerTeam && own.every((key) => ageDays(key, nowMs) > rotationDays);
    if (isStale) {
      findings.push(
        warning(
          `The team ${team} has had ${own.length} live keys for over ${rotationDays} days: a rotation was not finished.`,
          `npm run weir -- keys list --team ${team}, then npm run weir -- keys revoke the one that nobody uses`,
        ),
      );
    }
  }
  return findings;
}

function ageDays(key: IssuedKey, nowMs: number): number {
  return key.createdAt === undefined ? 0 : Math.floor((nowMs - Date.parse(key.createdAt)) / dayMs);
}
