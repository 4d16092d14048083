import type { ThrottleKind } from './classify-throttle.ts';

/** Where a hint was read. */
export type RetryHintSource =
  | 'retry-after-ms'
  | 'x-ms-retry-after-ms'
  | 'retry-after'
  | 'x-ratelimit-reset-tokens'
  | 'x-ratelimit-reset-requests'
  | 'x-rate-limit-reset-tokens'
  | 'message';

/** How long the service asks to stay away. `hintMs` is as told; `coolDownMs` is what Weir does with it. */
export interface RetryHint {
  readonly hintMs: number;
  /** The hint, at most `longestCoolDownMs`. */
  readonly coolDownMs: number;
  readonly source: RetryHintSource;
}

/**
 * No quota window is longer than a minute, yet the service has been seen to ask for 86,400 s. A deployment is left
 * alone for a minute at a time instead: if it meant what it said, one unbilled 429 per minute is the price. Whatever leaves
 * deployments alone takes its time from here: there is no second bound.
 */
export const longestCoolDownMs = 60_000;

/** Longer than a day is no duration (ten digits are a time stamp or rubbish): such a value is passed over. */
export const longestCredibleHintMs = 86_400_000;

/**
 * Reads the first usable hint in the order of reference/azure-openai.md §2; null when there is none.
 * 0 and a date in the past mean "at once" (the back-off still applies); -1, empty, `abc` and more than a day are passed
 * over, so the next form counts. A reset header of 0 is passed over too: it is sent with counts of -1. Header names are
 * lower-case.
 */
export function parseRetryHint(
  headers: Readonly<Record<string, string>>,
  message: string | null,
  kind: ThrottleKind,
  now: number,
): RetryHint | null {
  for (const source of ['retry-after-ms', 'x-ms-retry-after-ms'] as const) {
    const hint = toHint(parseNumber(headers[source], 1), source);
    if (hint !== null) return hint;
  }
  const retryAfter = headers['retry-after'];
  const told = toHint(parseNumber(retryAfter, 1000) ?? parseDate(retryAfter, now), 'retry-after');
  return told ?? readResetHeaders(headers, kind) ?? readMessage(message);
}

/** The reset that belongs to the limit which was hit; of unknown limits the longest. */
function readResetHeaders(headers: Readonly<Record<string, string>>, kind: ThrottleKind): RetryHint | null {
  const hints = (['x-ratelimit-reset-tokens', 'x-rate-limit-reset-tokens', 'x-ratelimit-reset-requests'] as const)
    .map((source) => toHint(parseDuration(headers[source]), source))
    .filter((hint) => hint !== null && hint.hintMs > 0);
  const wanted = kind === 'tokens' ? /tokens$/ : kind === 'requests' ? /requests$/ : /./;
  const matching = hints.filter((hint) => hint !== null && wanted.test(hint.source));
  return [...(matching.length > 0 ? matching : hints)].sort((a, b) => (b?.hintMs ?? 0) - (a?.hintMs ?? 0))[0] ?? null;
}

function readMessage(message: string | null): RetryHint | null {
  const found =
    message === null
      ? null
      : /(?:retry|try again) (?:after|in) (\d{1,12}(?:\.\d{1,6})?) ?(ms|milliseconds|s\b|seconds?)/i.exec(message);
  if (found === null) return null;
  return toHint(parseNumber(found[1], found[2]?.startsWith('m') === true ? 1 : 1000), 'message');
}

function toHint(hintMs: number | null, source: RetryHintSource): RetryHint | null {
  if (hintMs === null || hintMs > longestCredibleHintMs) return null;
  return { hintMs, coolDownMs: Math.min(hintMs, longestCoolDownMs), source };
}

function parseNumber(text: string | undefined, unitMs: number): number | null {
  const trimmed = text?.trim() ?? '';
  return /^\d+(\.\d+)?$/.test(trimmed) ? Math.ceil(Number(trimmed) * unitMs) : null;
}

function parseDate(text: string | undefined, now: number): number | null {
  // Date.parse takes almost anything with digits in it ("-1" is the year 2001): only what names a weekday or is ISO 8601 counts.
  if (text === undefined || !/^\s*([A-Z][a-z]{2,8},? |\d{4}-\d\d-\d\dT)/.test(text)) return null;
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : Math.max(0, at - now);
}

/** Whole seconds (`55`) as Azure sends them, or OpenAI's form (`6m0s`, `1.5s`, `20ms`). */
function parseDuration(text: string | undefined): number | null {
  const seconds = parseNumber(text, 1000);
  if (seconds !== null) return seconds;
  const found = /^(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+)ms)?$/.exec(text?.trim() || '-');
  if (found === null) return null;
  const [, hours = 0, minutes = 0, rest = 0, milliseconds = 0] = found.map((part) => Number(part ?? 0));
  return Math.ceil(hours * 3_600_000 + minutes * 60_000 + rest * 1000 + milliseconds);
}
