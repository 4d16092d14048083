import type { JsonObject } from './json-value.ts';
import { isJsonObject, readList, readObject, readString } from './json-value.ts';
import type { SeededRandom } from './seeded-random.ts';
import { pick } from './seeded-random.ts';

/** What strings are made of, in the absence of anything in the schema that says better. */
export type JsonMaterial = { words: readonly string[]; random: SeededRandom };

const MOST_DEPTH = 8;
const FORMATS: { [format: string]: string } = {
  'date-time': '2026-08-05T09:30:00Z',
  date: '2026-08-05',
  time: '09:30:00Z',
  email: 'someone@example.com',
  uri: 'https://example.com/',
  uuid: '6f9619ff-8b86-4d01-b42d-00cf4fc964ff',
  ipv4: '192.0.2.10',
};

/** A small value that fits a JSON schema: type, enum, const, properties, items, bounds, formats, local references; no patterns. */
export function makeJson(schema: JsonObject, material: JsonMaterial): unknown {
  return makeValue(schema, schema, material, 0);
}

/** A JSON object about the words given, for requests that ask for JSON and name no schema. */
export function makeJsonObject(material: JsonMaterial): JsonObject {
  const keywords = material.words.slice(0, 5);
  return { summary: makeSentence(material), keywords, confidence: Math.round(material.random() * 100) / 100 };
}

function makeValue(schema: JsonObject, root: JsonObject, material: JsonMaterial, depth: number): unknown {
  const { random } = material;
  if ('const' in schema) return schema['const'];
  const [first, ...others] = readList(schema, 'enum');
  if (first !== undefined) return pick(random, [first, ...others]);
  const target = readString(schema, '$ref');
  if (target !== undefined) return makeValue(resolve(target, root) ?? {}, root, material, depth + 1);
  const choices = [...readList(schema, 'anyOf'), ...readList(schema, 'oneOf')].filter(isJsonObject);
  const chosen = choices.find((choice) => choice['type'] !== 'null') ?? choices[0];
  // Deep in a recursive schema the way out is null, where that is allowed.
  if (chosen) {
    const exit = depth > MOST_DEPTH / 2 ? choices.find((choice) => choice['type'] === 'null') : undefined;
    return makeValue(exit ?? chosen, root, material, depth + 1);
  }
  const parts = readList(schema, 'allOf').filter(isJsonObject);
  if (parts.length > 0) return makeValue(mergeParts(schema, parts, root), root, material, depth + 1);
  switch (typeOf(schema)) {
    case 'object':
      return makeObject(schema, root, material, depth);
    case 'array':
      return makeArray(schema, root, material, depth);
    case 'integer':
    case 'number':
      return makeNumber(schema, material);
    case 'boolean':
      return random() < 0.5;
    case 'null':
      return null;
    default:
      return makeString(schema, material);
  }
}

function typeOf(schema: JsonObject): string {
  const type = schema['type'];
  if (typeof type === 'string') return type;
  const types = readList(schema, 'type');
  const named = types.find((name) => name !== 'null') ?? types[0];
  if (typeof named === 'string') return named;
  if ('properties' in schema) return 'object';
  return 'items' in schema ? 'array' : 'string';
}

function makeObject(schema: JsonObject, root: JsonObject, material: JsonMaterial, depth: number): JsonObject {
  const required = new Set(readList(schema, 'required'));
  const made: JsonObject = {};
  for (const [name, property] of Object.entries(readObject(schema, 'properties') ?? {})) {
    if (depth >= MOST_DEPTH && !required.has(name)) continue;
    if (depth >= MOST_DEPTH * 4) break;
    made[name] = makeValue(isJsonObject(property) ? property : {}, root, material, depth + 1);
  }
  return made;
}

function makeArray(schema: JsonObject, root: JsonObject, material: JsonMaterial, depth: number): unknown[] {
  const least = typeof schema['minItems'] === 'number' ? schema['minItems'] : 0;
  const most = typeof schema['maxItems'] === 'number' ? schema['maxItems'] : Math.max(least, 2);
  const wanted = depth >= MOST_DEPTH ? least : Math.min(most, Math.max(least, 2));
  const items = readObject(schema, 'items') ?? {};
  return Array.from({ length: wanted }, () => makeValue(items, root, material, depth + 1));
}

function makeNumber(schema: JsonObject, { random }: JsonMaterial): number {
  const isWhole = typeOf(schema) === 'integer';
  const step = typeof schema['multipleOf'] === 'number' ? schema['multipleOf'] : isWhole ? 1 : 0.01;
  const least = lowest(schema, step);
  const most = highest(schema, step) ?? (least ?? 0) + 100 * step;
  const from = Math.ceil((least ?? Math.min(0, most)) / step);
  const to = Math.max(from, Math.floor(most / step));
  const value = (from + Math.floor(random() * (to - from + 1))) * step;
  return isWhole ? Math.round(value) : Number(value.toFixed(6));
}

function lowest(schema: JsonObject, step: number): number | undefined {
  if (typeof schema['minimum'] === 'number') return schema['minimum'];
  return typeof schema['exclusiveMinimum'] === 'number' ? schema['exclusiveMinimum'] + step : undefined;
}

function highest(schema: JsonObject, step: number): number | undefined {
  if (typeof schema['maximum'] === 'number') return schema['maximum'];
  return typeof schema['exclusiveMaximum'] === 'number' ? schema['exclusiveMaximum'] - step : undefined;
}

function makeString(schema: JsonObject, material: JsonMaterial): string {
  const format = FORMATS[readString(schema, 'format') ?? ''];
  if (format !== undefined) return format;
  const least = typeof schema['minLength'] === 'number' ? schema['minLength'] : 0;
  const most = typeof schema['maxLength'] === 'number' ? schema['maxLength'] : Number.POSITIVE_INFINITY;
  let text = makeSentence(material);
  while (text.length < least) text += ` ${makeSentence(material)}`;
  return text.slice(0, most);
}

function makeSentence({ words, random }: JsonMaterial): string {
  const [first, ...others] = words;
  if (first === undefined) return 'unspecified';
  return Array.from({ length: 3 }, () => pick(random, [first, ...others])).join(' ');
}

function resolve(target: string, root: JsonObject): JsonObject | undefined {
  if (!target.startsWith('#')) return undefined;
  let found: unknown = root;
  for (const step of target.slice(1).split('/').filter(Boolean)) {
    found = isJsonObject(found) ? found[step.replaceAll('~1', '/').replaceAll('~0', '~')] : undefined;
  }
  return isJsonObject(found) ? found : undefined;
}

function mergeParts(schema: JsonObject, parts: JsonObject[], root: JsonObject): JsonObject {
  const merged: JsonObject = { ...schema, properties: {}, required: [] };
  delete merged['allOf'];
  for (const part of [schema, ...parts]) {
    const target = readString(part, '$ref');
    const own = target === undefined ? part : (resolve(target, root) ?? {});
    const { properties, required, allOf: _, ...rest } = own;
    Object.assign(merged, rest, {
      properties: { ...readObject(merged, 'properties'), ...(isJsonObject(properties) ? properties : {}) },
      required: [...readList(merged, 'required'), ...(Array.isArray(required) ? required : [])],
    });
  }
  return merged;
}
