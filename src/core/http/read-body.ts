import { depthLimit, isJsonObject, parseJson } from './parse-json.ts';
import { WeirError } from './weir-error.ts';

/** Refuses a body over the limit before anyone parses it; null when it fits. Works on the announced or the received size. */
export function checkBodySize(byteLength: number, maxBodyBytes: number): WeirError | null {
  if (byteLength <= maxBodyBytes) return null;
  return new WeirError(
    'request_too_large',
    `The body has ${byteLength} bytes; at most ${maxBodyBytes} (limits.maxBodyBytes) are allowed. Send less, or split the work.`,
  );
}

/** Turns a body's bytes into a JSON object: size first, then UTF-8, syntax and depth. Never repeats a piece of it. */
export function readJsonBody(bytes: Uint8Array, maxBodyBytes: number): Readonly<Record<string, unknown>> | WeirError {
  const tooLarge = checkBodySize(bytes.byteLength, maxBodyBytes);
  if (tooLarge !== null) return tooLarge;
  if (bytes.byteLength === 0) return new WeirError('invalid_request', 'The body is empty; a JSON object is needed.');
  const text = decodeUtf8(bytes);
  if (text === null) return new WeirError('invalid_request', 'The body is not UTF-8; send JSON as UTF-8.');
  const reading = parseJson(text);
  switch (reading.outcome) {
    case 'parsed':
      if (isJsonObject(reading.value)) return reading.value;
      return new WeirError('invalid_request', 'The body is JSON but no object; a JSON object is needed.');
    case 'malformed':
      return new WeirError(
        'invalid_request',
        `The body is not JSON: it stops making sense at line ${reading.place.line}, column ${reading.place.column}.`,
      );
    case 'too_deep':
      return new WeirError(
        'invalid_request',
        `The body is nested deeper than ${depthLimit} levels; that is not allowed.`,
      );
    case 'not_finite':
      return new WeirError(
        'invalid_request',
        'The body holds a number that is too large; only finite numbers are allowed.',
      );
  }
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}
