import { isValidTimeZone } from '../budgets/budget-period.ts';
import { hasListPrice } from '../cost/price-table.ts';
import { formatPath } from '../http/describe-issue.ts';
import { isJsonObject } from '../http/parse-json.ts';
import type { ConfigProblem } from './describe-problems.ts';

interface Place {
  readonly path: readonly PropertyKey[];
  readonly value: unknown;
}

/**
 * Finds what no field can tell alone: duplicates, references to what is not there, limits that contradict each other.
 * Works on the raw document, so that a mistake of form elsewhere does not hide these.
 */
export function checkReferences(document: unknown): readonly ConfigProblem[] {
  const root: Place = { path: [], value: document };
  const pools = itemsOf(root, 'pools');
  const teams = itemsOf(root, 'teams');
  const models = pools.map((pool) => at(pool, 'model'));
  const ids = teams.map((team) => at(team, 'id'));
  return [
    ...findDuplicates(models, 'model', 'put all its deployments into one pool'),
    ...pools.flatMap((pool) =>
      findDuplicates(
        itemsOf(pool, 'deployments').map((deployment) => at(deployment, 'name')),
        'deployment name',
        'names are unique in a pool',
      ),
    ),
    ...findDuplicates(ids, 'team', 'ids are unique'),
    ...findSharedKeys(teams),
    ...findDuplicates(
      teams.flatMap((team) => itemsOf(team, 'entraAppIds')).map(lowerCase),
      'application',
      'an application belongs to one team',
    ),
    ...teams.flatMap((team) =>
      findUnknown([...itemsOf(team, 'models'), at(team, 'fallbackModel')], models, 'no pool serves'),
    ),
    ...findUnknown(entriesOf(root, 'identity', 'roleTeams'), ids, 'there is no team'),
    ...teams.flatMap((team) => checkTimeZone(at(at(team, 'budget'), 'timeZone'))),
    ...checkIdentity(at(root, 'identity')),
    ...checkFallbackPrice(at(root, 'prices')),
    ...checkOrder(root, 'retry', 'baseDelayMs', 1000, 'maxDelayMs', 60_000),
    ...checkOrder(root, 'timeouts', 'connectMs', 5000, 'totalMs', 600_000),
    ...checkOrder(root, 'timeouts', 'firstByteMs', 60_000, 'totalMs', 600_000),
  ];
}

function at(place: Place, key: string): Place {
  const value = isJsonObject(place.value) && Object.hasOwn(place.value, key) ? place.value[key] : undefined;
  return { path: [...place.path, key], value };
}

function itemsOf(place: Place, key: string): readonly Place[] {
  const list = at(place, key);
  return Array.isArray(list.value) ? list.value.map((value, index) => ({ path: [...list.path, index], value })) : [];
}

function entriesOf(root: Place, outer: string, inner: string): readonly Place[] {
  const record = at(at(root, outer), inner);
  return isJsonObject(record.value) ? Object.keys(record.value).map((key) => at(record, key)) : [];
}

function lowerCase(place: Place): Place {
  return typeof place.value === 'string' ? { path: place.path, value: place.value.toLowerCase() } : place;
}

function problemAt(place: Place, message: string): ConfigProblem {
  return { path: formatPath(place.path), message };
}

function findDuplicates(places: readonly Place[], what: string, advice: string): readonly ConfigProblem[] {
  return repeated(places).map(([place, first]) =>
    problemAt(
      place,
      `received the ${what} "${String(place.value)}" again (first in ${formatPath(first.path)}); ${advice}`,
    ),
  );
}

function findSharedKeys(teams: readonly Place[]): readonly ConfigProblem[] {
  const digests = teams.flatMap((team) => itemsOf(team, 'keys').map((key) => at(key, 'sha256')));
  return repeated(digests).map(([place, first]) =>
    problemAt(place, `received the same key as ${formatPath(first.path)}; a key belongs to one team, once`),
  );
}

function repeated(places: readonly Place[]): readonly (readonly [Place, Place])[] {
  const seen = new Map<string, Place>();
  return places.flatMap((place) => {
    if (typeof place.value !== 'string') return [];
    const first = seen.get(place.value);
    if (first === undefined) seen.set(place.value, place);
    return first === undefined ? [] : [[place, first] as const];
  });
}

function findUnknown(places: readonly Place[], known: readonly Place[], what: string): readonly ConfigProblem[] {
  const names = new Set(known.map((place) => place.value));
  return places
    .filter((place) => typeof place.value === 'string' && !names.has(place.value))
    .map((place) =>
      problemAt(
        place,
        `${what} "${String(place.value)}"; known are ${[...names].filter(isString).join(', ') || 'none'}`,
      ),
    );
}

function isString(value: unknown): value is string {
  return typeof value === 'string';
}

function checkTimeZone(place: Place): readonly ConfigProblem[] {
  if (typeof place.value !== 'string' || isValidTimeZone(place.value)) return [];
  return [
    problemAt(
      place,
      `received "${place.value.slice(0, 60)}", only an IANA time zone such as "Europe/Berlin" is allowed`,
    ),
  ];
}

function checkIdentity(identity: Place): readonly ConfigProblem[] {
  if (!isJsonObject(identity.value) || isString(identity.value['tenantId'])) return [];
  const missing = ['issuer', 'jwksUri'].filter((key) => !isString(at(identity, key).value));
  return missing.map((key) =>
    problemAt(at(identity, key), 'is missing; without tenantId both issuer and jwksUri are needed'),
  );
}

/** Every price can fall back to this one, so it must be in the table or be a Global price of the configuration's own. */
function checkFallbackPrice(prices: Place): readonly ConfigProblem[] {
  const fallback = at(prices, 'fallback');
  if (!isString(fallback.value) || hasListPrice(fallback.value)) return [];
  const isOwn = itemsOf(prices, 'overrides').some((override) => {
    const skuClass = at(override, 'skuClass').value ?? 'global';
    return at(override, 'model').value === fallback.value && skuClass === 'global';
  });
  if (isOwn) return [];
  return [
    problemAt(
      fallback,
      `received "${fallback.value}", only a model of the price table or of prices.overrides is allowed`,
    ),
  ];
}

function checkOrder(
  root: Place,
  section: string,
  least: string,
  leastDefault: number,
  most: string,
  mostDefault: number,
): readonly ConfigProblem[] {
  const low = at(at(root, section), least);
  const high = at(at(root, section), most);
  const lowValue = low.value ?? leastDefault;
  const highValue = high.value ?? mostDefault;
  if (typeof lowValue !== 'number' || typeof highValue !== 'number' || lowValue <= highValue) return [];
  return [problemAt(low, `received ${lowValue}, at most ${section}.${most} (${highValue}) is allowed`)];
}
