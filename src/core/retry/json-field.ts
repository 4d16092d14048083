/** A property of a JSON object; undefined when `value` is no object or lacks it. */
export function jsonField(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? Reflect.get(value, name)
    : undefined;
}

/** A text property of a JSON object; null when it is absent or something else. */
export function jsonText(value: unknown, name: string): string | null {
  const found = jsonField(value, name);
  return typeof found === 'string' ? found : null;
}

/** A list property of a JSON object; null when it is absent or something else. */
export function jsonList(value: unknown, name: string): readonly unknown[] | null {
  const found = jsonField(value, name);
  return Array.isArray(found) ? found : null;
}
