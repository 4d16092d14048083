import { z } from 'zod';
import { namePattern, teamKeySchema, type WeirConfig } from '../config/config-schema.ts';
import { type ConfigProblem, toProblems } from '../config/describe-problems.ts';
import { readDocument } from '../config/parse-config.ts';

/** One key of a team, kept outside the configuration so that a deployment never overwrites it. */
export type IssuedKey = Readonly<z.output<typeof issuedKey>>;

const issuedKey = z.strictObject({
  team: z.string().regex(namePattern),
  ...teamKeySchema.shape,
  createdAt: z.iso.datetime().optional(),
});

/** Schema of the document that `WEIR_KEYS` names: `{ "keys": [{ "team", "sha256", "name"?, "createdAt"? }] }`. */
export const keysSchema = z.strictObject({ $schema: z.string().optional(), keys: z.array(issuedKey) });

export type KeysReading =
  | { readonly outcome: 'valid'; readonly keys: readonly IssuedKey[] }
  | { readonly outcome: 'invalid'; readonly problems: readonly ConfigProblem[] };

/** Reads the document of issued keys; never repeats what stands where a digest belongs. */
export function parseKeysDocument(text: string): KeysReading {
  const reading = readDocument(text);
  if ('problems' in reading) return { outcome: 'invalid', problems: reading.problems };
  const parsed = keysSchema.safeParse(reading.value, { reportInput: true });
  if (!parsed.success) return { outcome: 'invalid', problems: toProblems(parsed.error.issues) };
  return { outcome: 'valid', keys: parsed.data.keys };
}

/**
 * The configuration with the issued keys added to their teams. A key of a team that is not configured opens nothing, and one
 * that another team has already stays with whom it was first: the configuration, then the earlier entry.
 */
export function mergeKeys(config: WeirConfig, keys: readonly IssuedKey[]): WeirConfig {
  const owners = new Map(config.teams.flatMap((team) => team.keys.map((key) => [key.sha256, team.id] as const)));
  const added = keys.filter(({ sha256, team }) => {
    if (owners.has(sha256)) return false;
    owners.set(sha256, team);
    return true;
  });
  const teams = config.teams.map((team) => ({
    ...team,
    keys: [...team.keys, ...added.filter((key) => key.team === team.id).map(({ sha256, name }) => ({ sha256, name }))],
  }));
  return { ...config, teams };
}
