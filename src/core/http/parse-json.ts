import { locateJsonError, type TextPlace } from './locate-json-error.ts';

/** Deepest nesting that is accepted: far above any real request, far below what recursion could not bear. */
export const depthLimit = 64;

export type JsonReading =
  | { readonly outcome: 'parsed'; readonly value: unknown }
  | { readonly outcome: 'malformed'; readonly place: TextPlace }
  | { readonly outcome: 'too_deep' }
  /** A number such as 1e999, which JSON can spell and nobody can count with. */
  | { readonly outcome: 'not_finite' };

/** Reads JSON so that what comes out can be walked recursively: at most 64 levels deep, every number finite. */
export function parseJson(text: string): JsonReading {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { outcome: 'malformed', place: locateJsonError(text) };
  }
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (level.some((item) => typeof item === 'number' && !Number.isFinite(item))) return { outcome: 'not_finite' };
    const containers = level.filter((item) => typeof item === 'object' && item !== null);
    if (containers.length > 0 && depth >= depthLimit) return { outcome: 'too_deep' };
    level = containers.flatMap((item) => Object.values(item));
  }
  return { outcome: 'parsed', value };
}

/** Whether a value is a JSON object (no array, no null). */
export function isJsonObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
