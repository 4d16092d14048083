/** The fields of a value that is a JSON object; null for everything else. */
export function readObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

/** The fields of a text that holds a JSON object; null when it does not. */
export function parseObject(text: string): Record<string, unknown> | null {
  try {
    return readObject(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Whether a value is a number that can be counted with. */
export function isFigure(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

/** Whether every field is a text. */
export function isTexts(value: Record<string, unknown>): value is Record<string, string> {
  return Object.values(value).every((text) => typeof text === 'string');
}
