/** The most tokens and requests that fell into any window of one length. */
export type Peak = { tokens: number; requests: number };

/** The peaks of any 60, 10 and 1 seconds. */
export type Peaks = { in60Seconds: Peak; in10Seconds: Peak; in1Second: Peak };

type Span = { lengthMs: number; head: number; tokens: number; requests: number; peak: Peak };

/** Running sums over the last 60, 10 and 1 seconds of one series of charges and their exact maxima; memory is one minute. */
export type PeakWindows = { times: number[]; tokens: number[]; requests: number[]; spans: Span[] };

const COMPACT_AFTER = 4096;

/** An empty series. */
export function createPeakWindows(): PeakWindows {
  const spans = [60_000, 10_000, 1000].map((lengthMs) => ({
    lengthMs,
    head: 0,
    tokens: 0,
    requests: 0,
    peak: { tokens: 0, requests: 0 },
  }));
  return { times: [], tokens: [], requests: [], spans };
}

/**
 * Adds one request at `nowMs` (never earlier than the one before) and returns what the 60-second window now holds. A window that
 * holds the most can always be moved until it ends with a request, so judging at every request finds the exact maximum.
 */
export function addToPeaks(windows: PeakWindows, tokens: number, nowMs: number): Peak {
  append(windows, tokens, nowMs);
  for (const span of windows.spans) {
    span.tokens += tokens;
    span.requests += 1;
    while ((windows.times[span.head] ?? nowMs) <= nowMs - span.lengthMs) {
      span.tokens -= windows.tokens[span.head] ?? 0;
      span.requests -= windows.requests[span.head] ?? 0;
      span.head += 1;
    }
    span.peak.tokens = Math.max(span.peak.tokens, span.tokens);
    span.peak.requests = Math.max(span.peak.requests, span.requests);
  }
  compact(windows);
  const minute = windows.spans[0];
  return { tokens: minute?.tokens ?? tokens, requests: minute?.requests ?? 1 };
}

/** Requests of the last `lengthMs` as of the latest one added; lengths other than 60, 10 and 1 seconds hold nothing. */
export function requestsInLatest(windows: PeakWindows, lengthMs: number): number {
  return windows.spans.find((span) => span.lengthMs === lengthMs)?.requests ?? 0;
}

/** The maxima so far. */
export function readPeaks(windows: PeakWindows): Peaks {
  const [minute, ten, one] = windows.spans.map((span) => ({ ...span.peak }));
  const none = { tokens: 0, requests: 0 };
  return { in60Seconds: minute ?? none, in10Seconds: ten ?? none, in1Second: one ?? none };
}

// Requests of one millisecond share an entry, so a minute never holds more than 60,000 of them.
function append(windows: PeakWindows, tokens: number, nowMs: number): void {
  const last = windows.times.length - 1;
  if (last >= 0 && windows.times[last] === nowMs) {
    windows.tokens[last] = (windows.tokens[last] ?? 0) + tokens;
    windows.requests[last] = (windows.requests[last] ?? 0) + 1;
    return;
  }
  windows.times.push(nowMs);
  windows.tokens.push(tokens);
  windows.requests.push(1);
}

function compact(windows: PeakWindows): void {
  const oldest = windows.spans[0]?.head ?? 0;
  if (oldest < COMPACT_AFTER || oldest * 2 < windows.times.length) return;
  windows.times.splice(0, oldest);
  windows.tokens.splice(0, oldest);
  windows.requests.splice(0, oldest);
  for (const span of windows.spans) span.head -= oldest;
}
