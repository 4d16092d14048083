import { createHash } from 'node:crypto';
import { LaunchError } from './launch-error.ts';

/** The origin that weir.config.json uses for simulated regions; the launcher puts the real one in its place. */
export const simulatedOrigin = 'http://127.0.0.1:7072';

type JsonObject = Record<string, unknown>;

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listObjects(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** The configuration's text as an object. Says which file and why when it is none; the app judges the content. */
export function parseConfigText(text: string, file: string): JsonObject {
  try {
    // Editors on Windows put a byte order mark in front.
    const config: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (isObject(config)) return config;
  } catch (error) {
    throw new LaunchError(`${file} is not valid JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  throw new LaunchError(`${file} must hold a JSON object.`);
}

/** The ids of the configured teams, in order. */
export function listTeamIds(config: JsonObject): string[] {
  return listObjects(config['teams'])
    .map((team) => team['id'])
    .filter((id) => typeof id === 'string');
}

/** A copy in which the simulated origin is the simulator's real one, and whether anything changed. */
export function rewriteEndpoints(config: JsonObject, simulatorUrl: string): { config: JsonObject; changed: boolean } {
  const copy = structuredClone(config);
  const origin = simulatorUrl.replace(/\/+$/, '');
  let changed = false;
  for (const deployment of listObjects(copy['pools']).flatMap((pool) => listObjects(pool['deployments']))) {
    const { endpoint } = deployment;
    if (typeof endpoint !== 'string' || !URL.canParse(endpoint)) continue;
    if (new URL(endpoint).origin !== simulatedOrigin || origin === simulatedOrigin) continue;
    deployment['endpoint'] = origin + endpoint.slice(simulatedOrigin.length);
    changed = true;
  }
  return { config: copy, changed };
}

/** A copy in which each team also accepts its local key. */
export function mergeTeamKeys(config: JsonObject, keys: Readonly<Record<string, string>>): JsonObject {
  const copy = structuredClone(config);
  for (const team of listObjects(copy['teams'])) {
    const key = typeof team['id'] === 'string' ? keys[team['id']] : undefined;
    if (key === undefined) continue;
    const sha256 = hashKey(key);
    const present = Array.isArray(team['keys']) ? team['keys'] : [];
    if (!listObjects(present).some((entry) => entry['sha256'] === sha256)) team['keys'] = [...present, { sha256 }];
  }
  return copy;
}

/** Those of the local keys which the configuration already accepts for their team. */
export function selectAcceptedKeys(config: JsonObject, keys: Readonly<Record<string, string>>): Record<string, string> {
  const accepted: Record<string, string> = {};
  for (const team of listObjects(config['teams'])) {
    const { id } = team;
    const key = typeof id === 'string' ? keys[id] : undefined;
    if (typeof id !== 'string' || key === undefined) continue;
    if (listObjects(team['keys']).some((entry) => entry['sha256'] === hashKey(key))) accepted[id] = key;
  }
  return accepted;
}

/** The form in which a configuration lists a team key: SHA-256 in lower-case hex. */
export function hashKey(key: string): string {
  return createHash('sha256').update(key).digest('hex');
}

/** A chat model that the team may use, for the example to paste: the first pool that is not for embeddings. */
export function findChatModel(config: JsonObject, teamId: string): string | undefined {
  const team = listObjects(config['teams']).find((candidate) => candidate['id'] === teamId);
  const allowed = team?.['models'];
  return listObjects(config['pools'])
    .map((pool) => pool['model'])
    .filter((model) => typeof model === 'string')
    .filter((model) => !Array.isArray(allowed) || allowed.includes(model))
    .find((model) => !/embed/i.test(model));
}
