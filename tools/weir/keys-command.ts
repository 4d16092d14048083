import { createHash, randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { namePattern, type WeirConfig } from '../../src/core/config/config-schema.ts';
import { describeProblems } from '../../src/core/config/describe-problems.ts';
import { parseConfig } from '../../src/core/config/parse-config.ts';
import { type IssuedKey, parseKeysDocument } from '../../src/core/identity/keys-document.ts';
import { changeKeys, describeKey, type KeyChange, type KeyDecision, revocationOf, showHash } from './change-keys.ts';
import { CommandError } from './command-error.ts';
import { type Environment, locateKeys, type PlaceOptions, readSettingDocument } from './document-places.ts';
import type { KeysPlace } from './keys-place.ts';
import { renderTable } from './render-table.ts';

export const keysUsage = `keys: team keys, of which only hashes are kept.

  npm run weir -- keys make   --team TEAM [--name NAME]   make a key; it is shown once
  npm run weir -- keys rotate --team TEAM [--name NAME]   make the successor of a key; both are valid until one is revoked
  npm run weir -- keys revoke [--team TEAM] --key KEY     revoke by name or by the beginning of the hash
  npm run weir -- keys list   [--team TEAM]               what there is, without keys

Where the keys are kept:
  --file FILE            a file (weir.keys.json when nothing else is said)
  --blob CONTAINER/NAME  a blob, such as config/weir.keys.json; the setting WEIR_KEYS is read when neither is given
  --account NAME         its storage account, as whoever is signed in; else the settings AzureWebJobsStorage…
  --config PLACE         configuration whose teams may have keys (a file or blob:CONTAINER/NAME)`;

/** What a command has to say: `result` alone goes to standard output, so that it can be piped. */
export interface CommandAnswer {
  readonly result: string;
  readonly remarks: string;
}

export interface CommandContext {
  readonly environment: Environment;
  readonly now: () => Date;
}

const options = {
  team: { type: 'string' },
  name: { type: 'string' },
  key: { type: 'string' },
  file: { type: 'string' },
  blob: { type: 'string' },
  account: { type: 'string' },
  config: { type: 'string' },
} as const;

/** The document, and the options that lead to it. */
type Reachable = KeysPlace & { readonly where: string };

/** Options as they were given, to be pasted behind another command. */
function repeatPlace(place: PlaceOptions): string {
  const given = Object.entries(place).filter(([, value]) => value !== null);
  return given.map(([name, value]) => `--${name} ${/\s/.test(value) ? JSON.stringify(value) : value}`).join(' ');
}

/** Runs `weir keys …`; throws a CommandError with what to do when that is not possible. */
export async function runKeysCommand(args: readonly string[], context: CommandContext): Promise<CommandAnswer> {
  const [verb, ...rest] = args;
  const { values } = parse(rest);
  const { file = null, blob = null, account = null } = values;
  const place = {
    ...locateKeys({ file, blob, account }, context.environment),
    where: repeatPlace({ file, blob, account }),
  };
  const config = await readConfig(values.config, account, context.environment);
  switch (verb) {
    case 'list':
      return listKeys(await readKeys(place), values.team ?? null, place, config);
    case 'make':
    case 'rotate':
      checkName(values.name);
      return addKey(place, config, needTeam(values.team), values.name, verb === 'rotate', context.now());
    case 'revoke':
      if (values.key === undefined) throw new CommandError('Say which key: --key NAME, or the beginning of its hash.');
      return revokeKey(place, config, { kind: 'revoke', team: values.team ?? null, key: values.key });
    default:
      throw new CommandError(keysUsage);
  }
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, strict: true });
  } catch (error) {
    const message = error instanceof Error ? error.message : error;
    throw new CommandError(`npm run weir -- keys make|rotate|revoke|list   (--help explains them)\n\n${message}`);
  }
}

function needTeam(team: string | undefined): string {
  if (team !== undefined && namePattern.test(team)) return team;
  throw new CommandError(
    `Say which team: --team search (as in the configuration: lower-case letters, digits, "." and "-").`,
  );
}

function checkName(name: string | undefined): void {
  if (name === undefined || /^[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}$/.test(name)) return;
  throw new CommandError('--name: only letters, digits, blanks, ".", "_" and "-" are allowed, at most 64.');
}

async function readConfig(
  setting: string | undefined,
  account: string | null,
  environment: Environment,
): Promise<WeirConfig | null> {
  if (setting === undefined) return null;
  const text = await readSettingDocument(setting, account, environment);
  if (text === null) throw new CommandError(`--config: there is no ${setting}.`);
  const reading = parseConfig(text);
  if (reading.outcome === 'valid') return reading.config;
  throw new CommandError(`--config: ${setting} is invalid:\n${describeProblems(reading.problems)}`);
}

async function readKeys(place: KeysPlace): Promise<readonly IssuedKey[]> {
  return parseKeys((await place.read()).text, place);
}

function parseKeys(text: string | null, place: KeysPlace): readonly IssuedKey[] {
  if (text === null) return [];
  const reading = parseKeysDocument(text);
  if (reading.outcome === 'valid') return reading.keys;
  throw new CommandError(
    `${place.name} is no document of keys; repair it first.\n${describeProblems(reading.problems)}`,
  );
}

async function addKey(
  place: Reachable,
  config: WeirConfig | null,
  team: string,
  name: string | undefined,
  isRotation: boolean,
  now: Date,
): Promise<CommandAnswer> {
  if (config !== null && !config.teams.some(({ id }) => id === team)) {
    const known = config.teams.map(({ id }) => id).join(', ');
    throw new CommandError(`The configuration has no team "${team}"; it has ${known}. A key would open nothing.`);
  }
  const key = `weir_${team}_${randomBytes(32).toString('base64url')}`;
  const sha256 = createHash('sha256').update(key).digest('hex');
  const created = { team, sha256, name: name ?? `made-${showSecond(now)}`, createdAt: now.toISOString() };
  const { affected, left } = await change(place, { kind: 'add', key: created, isRotation });
  const lines = [
    `Key of ${team}, ${describeKey(affected)}, hash ${showHash(affected)}. It is not shown again.`,
    `Only its hash is in ${place.name}; running instances accept it within ${place.noticedWithinSeconds} seconds.`,
    ...left.map(
      (other) => `Still valid: ${describeKey(other)}, hash ${showHash(other)}. Once nobody uses it:
  ${revocationOf(other, place.where)}`,
    ),
  ];
  return { result: key, remarks: lines.join('\n') };
}

async function revokeKey(
  place: Reachable,
  config: WeirConfig | null,
  revocation: Extract<KeyChange, { kind: 'revoke' }>,
): Promise<CommandAnswer> {
  const { affected, left } = await change(place, revocation);
  const owner = config?.teams.find((team) => team.keys.some((key) => key.sha256 === affected.sha256));
  const lines = [
    `Revoked: key of ${affected.team}, ${describeKey(affected)}, hash ${showHash(affected)}.`,
    owner === undefined
      ? `Running instances refuse it within ${place.noticedWithinSeconds} seconds.`
      : `It is STILL VALID: the configuration lists it too, under the team ${owner.id}. Remove it there.`,
    ...(left.length === 0 ? [`The team ${affected.team} has no key left here.`] : []),
  ];
  return { result: '', remarks: lines.join('\n') };
}

const mostTries = 5;

/** Reads, decides, writes; decides anew when somebody else has written in between. */
async function change(place: Reachable, wanted: KeyChange): Promise<Extract<KeyDecision, { outcome: 'changed' }>> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const seen = await place.read();
    const decision = changeKeys(parseKeys(seen.text, place), wanted, place.where);
    if (decision.outcome === 'refused') throw new CommandError(decision.message);
    const text = `${JSON.stringify({ keys: decision.keys }, null, 2)}\n`;
    // Read as the gateway reads it: one bad entry would keep every instance on its old keys.
    parseKeys(text, place);
    if (await place.write(text, seen)) return decision;
  }
  throw new CommandError(`${place.name} is being changed by others all the time. Nothing was done; try again.`);
}

function listKeys(
  keys: readonly IssuedKey[],
  team: string | null,
  place: KeysPlace,
  config: WeirConfig | null,
): CommandAnswer {
  const shown = keys.filter((key) => team === null || key.team === team);
  if (shown.length === 0)
    return { result: '', remarks: `No keys${team === null ? '' : ` of ${team}`} in ${place.name}.` };
  const sorted = shown.toSorted(
    (a, b) => compare(a.team, b.team) || compare(a.createdAt ?? '', b.createdAt ?? '') || compare(a.sha256, b.sha256),
  );
  const rows = sorted.map((key) => [key.team, key.name ?? '-', showHash(key), key.createdAt?.slice(0, 10) ?? '-']);
  const unknown =
    config === null
      ? []
      : [...new Set(sorted.map((key) => key.team))].filter((id) => !config.teams.some((known) => known.id === id));
  const remarks = unknown.map((id) => `The configuration has no team "${id}": its keys open nothing.`);
  return { result: renderTable(['TEAM', 'NAME', 'HASH', 'MADE'], rows), remarks: remarks.join('\n') };
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

/** 2026-11-23T12:34:56.789Z → 20261123-123456: two keys made in one second are one too many anyway. */
function showSecond(now: Date): string {
  return now.toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
}
