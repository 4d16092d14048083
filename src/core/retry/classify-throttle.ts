/**
 * Which limit a 429 speaks of. `capacity` is the region's own shortage: it can come under quota and says nothing about
 * the ledger. `unknown` is a 429 without any sign; it is treated like `tokens`, the limit that takes longest to free.
 */
export type ThrottleKind = 'tokens' | 'requests' | 'capacity' | 'unknown';

/**
 * How long to stay away when a 429 brings no usable hint: the token window is 60 s, the longest request slice 10 s, and
 * a region short of capacity is asked again soon by a single probe.
 */
export const defaultCoolDownMs: Readonly<Record<ThrottleKind, number>> = {
  tokens: 60_000,
  requests: 10_000,
  capacity: 10_000,
  unknown: 60_000,
};

const capacityText = /high demand|peak load|server is overloaded|at capacity/i;
const tokenText = /token rate limit|tokens per min|token limit/i;
const requestText = /(call|request) rate limit|requests per (min|sec|\d+ sec)/i;

/**
 * Tells the kinds of 429 apart by message, `policy-id`, then the remaining-counts. The message comes first because a
 * capacity 429 may carry the quota's headers as well. Header names are lower-case.
 */
export function classifyThrottle(headers: Readonly<Record<string, string>>, message: string | null): ThrottleKind {
  if (message !== null && capacityText.test(message)) return 'capacity';
  const policy = headers['policy-id'] ?? '';
  if (/token/i.test(policy)) return 'tokens';
  if (/call|request/i.test(policy)) return 'requests';
  if (message !== null && tokenText.test(message)) return 'tokens';
  if (message !== null && requestText.test(message)) return 'requests';
  if (headers['x-ratelimit-remaining-tokens']?.trim() === '0') return 'tokens';
  if (headers['x-ratelimit-remaining-requests']?.trim() === '0') return 'requests';
  return 'unknown';
}
