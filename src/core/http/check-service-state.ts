import type { Endpoint } from '../jobs/job.ts';
import type { Problem } from './describe-issue.ts';
import { isJsonObject } from './parse-json.ts';

/** Tools that the caller runs itself. The service's own look into its store, call other hosts and are billed apart from tokens. */
const callersTools: ReadonlySet<string> = new Set(['function', 'custom']);

/** Prices hold for the default tier; another would be billed at one that no hold has seen. */
const pricedTiers: ReadonlySet<string> = new Set(['auto', 'default']);

const sharedStore =
  'refers to something that the service keeps for all teams together; send the content itself, in every request';

/** Fields that name what the service keeps for its account, of which all teams are one, or send it elsewhere with its identity. */
const refusedFields: Readonly<Record<string, string>> = {
  previous_response_id: sharedStore,
  conversation: sharedStore,
  prompt: sharedStore,
  data_sources: 'makes the service read another source under its own identity, which is not allowed',
  web_search_options: 'makes the service search the web, which is not allowed',
};

/** A body of a mebibyte can name many thousands; the first few say enough. */
const namedProblems = 20;

/**
 * Finds what would reach past the team in a request body: references to what the service stores for its whole account,
 * its hosted tools, and service tiers without a price. Paths start with `body`.
 */
export function checkServiceState(endpoint: Endpoint, body: Readonly<Record<string, unknown>>): readonly Problem[] {
  if (endpoint === '/v1/embeddings') return [];
  const fields = Object.entries(refusedFields)
    .filter(([name]) => isGiven(body, name))
    .map(([name, message]) => ({ path: `body.${name}`, message }));
  const items = endpoint === '/v1/responses' ? 'input' : 'messages';
  return [...fields, ...checkTier(body), ...checkTools(body), ...checkItems(items, body[items])].slice(
    0,
    namedProblems,
  );
}

function isGiven(body: Readonly<Record<string, unknown>>, name: string): boolean {
  return Object.hasOwn(body, name) && body[name] !== null;
}

function checkTier(body: Readonly<Record<string, unknown>>): readonly Problem[] {
  const tier = body['service_tier'];
  if (tier === undefined || tier === null || (typeof tier === 'string' && pricedTiers.has(tier))) return [];
  return [{ path: 'body.service_tier', message: `only ${[...pricedTiers].join(' and ')} are allowed` }];
}

function checkTools(body: Readonly<Record<string, unknown>>): readonly Problem[] {
  const { tools } = body;
  if (!Array.isArray(tools)) return [];
  return tools.flatMap((tool: unknown, index) => {
    const type = isJsonObject(tool) ? tool['type'] : undefined;
    // Anything else than a tool's type is the service's to judge.
    if (typeof type !== 'string' || callersTools.has(type)) return [];
    const allowed = [...callersTools].join(' and ');
    return [{ path: `body.tools[${index}].type`, message: `only ${allowed} are allowed: tools that the caller runs` }];
  });
}

function checkItems(field: string, items: unknown): readonly Problem[] {
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: unknown, index) => {
    if (!isJsonObject(item)) return [];
    const path = `body.${field}[${index}]`;
    if (item['type'] === 'item_reference') return [{ path, message: sharedStore }];
    const parts = Array.isArray(item['content']) ? item['content'] : [];
    return [item, ...parts].flatMap((part: unknown, position) => {
      const place = position === 0 ? path : `${path}.content[${position - 1}]`;
      return findFileIds(part).map((name) => ({ path: `${place}.${name}`, message: sharedStore }));
    });
  });
}

/** `file_id` of input_file and input_image; `file.file_id` of a chat message's file. */
function findFileIds(part: unknown): readonly string[] {
  if (!isJsonObject(part)) return [];
  const { file } = part;
  return [
    ...(isGiven(part, 'file_id') ? ['file_id'] : []),
    ...(isJsonObject(file) && isGiven(file, 'file_id') ? ['file.file_id'] : []),
  ];
}
