/** A deployment's RPM as the service judges it: at most `limit` requests in any `windowMs`. */
export interface RequestSlice {
  readonly limit: number;
  readonly windowMs: number;
}

/** Send times of the last seconds in milliseconds, ascending. Changed in place. */
export type RequestLog = number[];

/** Longer than any slice with its spare, short enough that a row stays small. */
const KEPT_MS = 12_000;

/**
 * The slice with its spare: 7 % of a one-second slice (70 ms between senders: 25 ms in the clocks, 30 ms of late answers and the way), 2 % of a ten-second one (200 ms). An RPM of
 * less than one request a slice becomes one request per 60,000 / RPM.
 */
export function sliceOf(requestsPerMinute: number, windowSeconds: number): RequestSlice {
  if (requestsPerMinute <= 0) return { limit: 0, windowMs: windowSeconds * 1000 };
  const spare = windowSeconds <= 1 ? 1.07 : 1.02;
  const perSlice = (requestsPerMinute * windowSeconds) / 60;
  if (perSlice < 1) return { limit: 1, windowMs: Math.ceil((60_000 / requestsPerMinute) * spare) };
  return { limit: Math.floor(perSlice), windowMs: Math.ceil(windowSeconds * 1000 * spare) };
}

/** Of a slice's spare this much is for what is left between senders' clocks, the rest for sends that are late. */
const CLOCKS_MS = 25;

/** How late a send may be without passing a slice, in milliseconds: 45 in a slice of one second that RPM fills. */
export function latenessWithin(slice: RequestSlice, windowSeconds: number): number {
  return Math.max(0, slice.windowMs - windowSeconds * 1000 - CLOCKS_MS);
}

/** Forgets what no slice that ends at `nowMs` or later can hold. */
export function forgetRequestsBefore(log: RequestLog, slice: RequestSlice, nowMs: number): void {
  const oldest = nowMs - Math.max(KEPT_MS, slice.windowMs);
  let drop = 0;
  while (drop < log.length && (log[drop] ?? 0) < oldest) drop += 1;
  if (drop > 0) log.splice(0, drop);
}

/** Adds a send time. */
export function logRequest(log: RequestLog, atMs: number): void {
  log.splice(upperBound(log, atMs), 0, atMs);
}

/** Takes one send time out again; nothing happens when it is not there. */
export function unlogRequest(log: RequestLog, atMs: number): void {
  const index = log.lastIndexOf(atMs);
  if (index >= 0) log.splice(index, 1);
}

/** The earliest moment from `fromMs` on at which one more request keeps every slice within its limit; null when the limit is 0. */
export function findRequestRoom(log: RequestLog, slice: RequestSlice, fromMs: number): number | null {
  if (slice.limit <= 0) return null;
  let candidate = fromMs;
  // Each round moves past at least one logged request, so the walk ends.
  for (let round = 0; round <= log.length; round += 1) {
    const blockedUntil = blockUntil(log, slice, candidate);
    if (blockedUntil === null) return candidate;
    candidate = blockedUntil;
  }
  return candidate;
}

/** How many requests the slice that ends at `nowMs` still lets through, and until when it is full once they are used up. */
export function nextRequestRoom(
  log: RequestLog,
  slice: RequestSlice,
  nowMs: number,
): { free: number; fullUntilMs: number } {
  const recent = log.length - upperBound(log, nowMs - slice.windowMs);
  const free = Math.max(0, slice.limit - recent);
  const oldest = log[Math.max(0, log.length - Math.max(1, slice.limit))];
  return { free, fullUntilMs: free > 0 || oldest === undefined ? nowMs + slice.windowMs : oldest + slice.windowMs };
}

/** When the first full slice around `atMs` ends; null when none is full. */
function blockUntil(log: RequestLog, slice: RequestSlice, atMs: number): number | null {
  const low = upperBound(log, atMs - slice.windowMs);
  const high = lowerBound(log, atMs + slice.windowMs);
  if (high - low < slice.limit) return null;
  for (let first = low; first + slice.limit - 1 < high; first += 1) {
    const start = Math.min(log[first] ?? 0, atMs);
    const end = Math.max(log[first + slice.limit - 1] ?? 0, atMs);
    if (end - start < slice.windowMs) return (log[first] ?? 0) + slice.windowMs;
  }
  return null;
}

function lowerBound(log: RequestLog, value: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((log[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function upperBound(log: RequestLog, value: number): number {
  return lowerBound(log, value + 1);
}
