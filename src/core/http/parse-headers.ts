import { WeirError } from './weir-error.ts';

/** What a caller asks for in `Prefer`; other preferences are ignored, as RFC 7240 has it. */
export interface Preferences {
  /** Seconds of `wait=`, 0 to 30; 0 when absent. */
  readonly waitSeconds: number;
  readonly respondAsync: boolean;
}

/** Longest wait a caller may ask for. */
export const maxWaitSeconds = 30;

/** Reads `Prefer: wait=30, respond-async`; a wait that is no whole number from 0 to 30 is refused. */
export function parsePrefer(header: string | null): Preferences | WeirError {
  const preferences = (header ?? '').split(/[,;]/).map((part) => part.trim().toLowerCase());
  const wait = preferences.find((part) => part.split('=')[0]?.trim() === 'wait');
  const waitSeconds = wait === undefined ? 0 : parseWholeNumber(wait.slice(wait.indexOf('=') + 1), 0, maxWaitSeconds);
  if (waitSeconds === null) {
    return new WeirError(
      'invalid_request',
      `Prefer: received ${wait?.slice(0, 40)}, only wait=0 to wait=30 (whole seconds) is allowed.`,
      {
        param: 'Prefer',
      },
    );
  }
  return { waitSeconds, respondAsync: preferences.includes('respond-async') };
}

/** Reads `Idempotency-Key`: 1 to 255 visible ASCII characters; null when absent. */
export function parseIdempotencyKey(header: string | null): string | null | WeirError {
  if (header === null || /^[\x21-\x7e]{1,255}$/.test(header)) return header;
  return new WeirError(
    'invalid_request',
    `Idempotency-Key: received ${header.length} characters; use 1 to 255 visible ASCII characters without blanks.`,
    { param: 'Idempotency-Key' },
  );
}

/** Reads a plain decimal whole number within bounds (both included, optional quotes); null for anything else. */
export function parseWholeNumber(text: string, least: number, most: number): number | null {
  const match = /^"?(\d{1,15})"?$/.exec(text.trim());
  if (match === null) return null;
  const value = Number(match[1]);
  return value >= least && value <= most ? value : null;
}
