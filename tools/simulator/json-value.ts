/** A JSON object whose fields have not been checked. */
export type JsonObject = { [name: string]: unknown };

/** Whether a value is a JSON object (not an array, not null). */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field as a string, or undefined when it is absent or something else. */
export function readString(object: JsonObject, name: string): string | undefined {
  const value = object[name];
  return typeof value === 'string' ? value : undefined;
}

/** The field as an object, or undefined when it is absent or something else. */
export function readObject(object: JsonObject, name: string): JsonObject | undefined {
  const value = object[name];
  return isJsonObject(value) ? value : undefined;
}

/** The field as a list, empty when it is absent or something else. */
export function readList(object: JsonObject, name: string): unknown[] {
  const value = object[name];
  return Array.isArray(value) ? value : [];
}
