/** How a ring divides time: `windowBuckets` buckets of `bucketMs` are judged together. */
export interface RingShape {
  readonly bucketMs: number;
  readonly windowBuckets: number;
}

/**
 * A deployment's ring: 243 quarter seconds. Charges whose buckets are 243 apart are more than 60.5 s apart, so the 60 s of the
 * service hold even when two senders' clocks differ by half a second; one-second buckets would pay twice as much for that.
 */
export const deploymentRing: RingShape = { bucketMs: 250, windowBuckets: 243 };
/**
 * A team's ring: 242 quarter seconds. Its limit is Weir's own, so that a send a little late trips over nothing: charges are more than
 * 60.25 s apart. Whole seconds would leave a sixtieth of the limit unused.
 */
export const teamRing: RingShape = { bucketMs: 250, windowBuckets: 242 };

/**
 * Buckets kept behind the window: a call that answers half a minute after it was sent can still be compared with the ring of its
 * send time, and a clock that jumps back this far still sees everything that counts.
 */
const SPARE_BUCKETS = 120;

/** Tokens and requests by bucket; index 0 is bucket number `first`, counted from the epoch. Changed in place. */
export interface TokenRing {
  first: number;
  tokens: number[];
  requests: number[];
}

/** A ring that holds nothing. */
export function createRing(): TokenRing {
  return { first: 0, tokens: [], requests: [] };
}

/** A copy that shares nothing with the original. */
export function cloneRing(ring: TokenRing): TokenRing {
  return { first: ring.first, tokens: ring.tokens.slice(), requests: ring.requests.slice() };
}

/** Whether nothing of the window that ends at `atMs` can have been forgotten, as of the newest charge. */
export function remembers(shape: RingShape, ring: TokenRing, atMs: number): boolean {
  const newest = ring.first + ring.tokens.length - 1;
  return newest - bucketOf(shape, atMs) < SPARE_BUCKETS - 10;
}

/** Number of the bucket that holds a moment. */
export function bucketOf(shape: RingShape, atMs: number): number {
  return Math.floor(atMs / shape.bucketMs);
}

/** Forgets what no window that ends at `nowMs` or later can hold. */
export function forgetBefore(shape: RingShape, ring: TokenRing, nowMs: number): void {
  const oldest = bucketOf(shape, nowMs) - shape.windowBuckets - SPARE_BUCKETS;
  const drop = Math.min(oldest - ring.first, ring.tokens.length);
  if (drop <= 0) return;
  ring.tokens.splice(0, drop);
  ring.requests.splice(0, drop);
  ring.first += drop;
}

/** Whether a ring holds nothing: it says no more than a new one. */
export function isRingEmpty({ tokens, requests }: TokenRing): boolean {
  return tokens.every((value) => value === 0) && requests.every((value) => value === 0);
}

/** Charges (or with negative amounts gives back, never below zero) at a moment, past or future. */
export function chargeRing(shape: RingShape, ring: TokenRing, charge: RingCharge, atMs: number): void {
  const bucket = bucketOf(shape, atMs);
  if (ring.tokens.length === 0) ring.first = bucket;
  if (bucket < ring.first) {
    const missing = new Array<number>(ring.first - bucket).fill(0);
    ring.tokens.unshift(...missing);
    ring.requests.unshift(...missing);
    ring.first = bucket;
  }
  const index = bucket - ring.first;
  while (ring.tokens.length <= index) {
    ring.tokens.push(0);
    ring.requests.push(0);
  }
  ring.tokens[index] = Math.max(0, (ring.tokens[index] ?? 0) + charge.tokens);
  ring.requests[index] = Math.max(0, (ring.requests[index] ?? 0) + charge.requests);
}

export interface RingCharge {
  readonly tokens: number;
  readonly requests: number;
}

/** What the window that ends with the bucket of `atMs` holds. */
export function sumRing(shape: RingShape, ring: TokenRing, atMs: number): RingCharge {
  const last = bucketOf(shape, atMs) - ring.first;
  let tokens = 0;
  let requests = 0;
  for (
    let index = Math.max(0, last - shape.windowBuckets + 1);
    index <= last && index < ring.tokens.length;
    index += 1
  ) {
    tokens += ring.tokens[index] ?? 0;
    requests += ring.requests[index] ?? 0;
  }
  return { tokens, requests };
}

/** What the fullest of the windows holds that a charge at `atMs` would be part of, with what is booked for later already. */
export function sumFullest(shape: RingShape, ring: TokenRing, atMs: number): RingCharge {
  const from = bucketOf(shape, atMs);
  const to = Math.min(from + shape.windowBuckets, ring.first + ring.tokens.length) - 1;
  const { tokens, requests } = windowSums(shape, ring, from, to);
  return { tokens: Math.max(...tokens), requests: Math.max(...requests) };
}

/**
 * The earliest moment in [fromMs, toMs] at which `charge` fits so that no window that holds it, later ones with what is already
 * booked included, exceeds the limits; null when there is none.
 */
export function findRoom(shape: RingShape, ring: TokenRing, want: RoomWanted): number | null {
  if (want.charge.tokens > want.limit.tokens || want.charge.requests > want.limit.requests) return null;
  const from = bucketOf(shape, want.fromMs);
  const to = bucketOf(shape, want.toMs);
  const sums = windowSums(shape, ring, from, Math.max(to, ring.first + ring.tokens.length - 1));
  // The fullest window that begins after the moment decides: walk back from the end, keep the maximum.
  let tokens = 0;
  let requests = 0;
  let found: number | null = null;
  for (let index = sums.tokens.length - 1; index >= 0; index -= 1) {
    tokens = Math.max(tokens, sums.tokens[index] ?? 0);
    requests = Math.max(requests, sums.requests[index] ?? 0);
    if (from + index > to) continue;
    if (tokens + want.charge.tokens > want.limit.tokens) break;
    if (requests + want.charge.requests > want.limit.requests) break;
    found = from + index;
  }
  return found === null ? null : Math.max(want.fromMs, found * shape.bucketMs);
}

export interface RoomWanted {
  readonly charge: RingCharge;
  readonly limit: RingCharge;
  readonly fromMs: number;
  readonly toMs: number;
}

/** For each of the next `buckets` buckets from a moment on: tokens in the fullest window that ends there or later. */
export function fullestFrom(shape: RingShape, ring: TokenRing, fromMs: number, buckets: number): number[] {
  const from = bucketOf(shape, fromMs);
  const { tokens } = windowSums(shape, ring, from, Math.max(from + buckets, ring.first + ring.tokens.length - 1));
  for (let index = tokens.length - 2; index >= 0; index -= 1) {
    tokens[index] = Math.max(tokens[index] ?? 0, tokens[index + 1] ?? 0);
  }
  return tokens;
}

function windowSums(
  shape: RingShape,
  ring: TokenRing,
  from: number,
  to: number,
): { tokens: number[]; requests: number[] } {
  const first = sumRing(shape, ring, from * shape.bucketMs);
  const tokens = [first.tokens];
  const requests = [first.requests];
  for (let bucket = from + 1; bucket <= to; bucket += 1) {
    const entering = bucket - ring.first;
    const leaving = entering - shape.windowBuckets;
    const before = tokens.length - 1;
    tokens.push((tokens[before] ?? 0) + (ring.tokens[entering] ?? 0) - (ring.tokens[leaving] ?? 0));
    requests.push((requests[before] ?? 0) + (ring.requests[entering] ?? 0) - (ring.requests[leaving] ?? 0));
  }
  return { tokens, requests };
}
