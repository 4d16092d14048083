import type { ReadResult } from './asked-answer.ts';
import { refuseField } from './asked-answer.ts';
import type { JsonObject } from './json-value.ts';

/** A number field between two bounds, null when absent. */
export function checkNumber(body: JsonObject, name: string, least: number, most: number): ReadResult<number | null> {
  const value = body[name];
  if (value === undefined || value === null) return { ok: true, request: null };
  if (typeof value !== 'number') {
    return refuseField(name, `Invalid type for '${name}': expected a number.`, 'invalid_type');
  }
  if (value < least) {
    const message = `Invalid '${name}': got ${value}, expected at least ${least}.`;
    return refuseField(name, message, 'integer_below_min_value');
  }
  if (value > most) {
    const message = `Invalid '${name}': got ${value}, expected at most ${most}.`;
    return refuseField(name, message, 'integer_above_max_value');
  }
  return { ok: true, request: value };
}

/** A whole-number field between two bounds, null when absent. */
export function checkInteger(
  body: JsonObject,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): ReadResult<number | null> {
  const checked = checkNumber(body, name, least, most);
  if (checked.ok && checked.request !== null && !Number.isInteger(checked.request)) {
    return refuseField(name, `Invalid type for '${name}': expected an integer.`, 'invalid_type');
  }
  return checked;
}

/** A boolean field, false when absent. */
export function checkBoolean(body: JsonObject, name: string): ReadResult<boolean> {
  const value = body[name] ?? false;
  if (typeof value === 'boolean') return { ok: true, request: value };
  return refuseField(name, `Invalid type for '${name}': expected a boolean.`, 'invalid_type');
}
