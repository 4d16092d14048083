import { isJsonObject } from './parse-json.ts';

/**
 * JSON with keys sorted by UTF-16 code unit and no blanks: equal values give equal text, whatever their key order.
 * Takes what JSON can hold; `undefined` properties are left out. Depth must have been capped before.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonicalJson(item)).join(',')}]`;
  if (!isJsonObject(value)) return JSON.stringify(value) ?? 'null';
  const pairs = Object.keys(value)
    .filter((key) => value[key] !== undefined)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${canonicalJson(value[key])}`);
  return `{${pairs.join(',')}}`;
}
