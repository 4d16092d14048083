/** How far storage time may be ahead of local time, in milliseconds, as far as one answer tells. */
export interface OffsetBounds {
  readonly lowMs: number;
  readonly highMs: number;
}

/** What is known about storage time. */
export interface StorageOffset {
  /** Add this to local time. */
  readonly offsetMs: number;
  /** The newest answers that agree with each other, oldest first. */
  readonly agreeing: readonly OffsetBounds[];
  /** Answers since then that contradict them: a clock has jumped, or one answer was wrong. */
  readonly contradicting: readonly OffsetBounds[];
}

/** Local time is taken for storage time until an answer says otherwise. */
export const unknownOffset: StorageOffset = { offsetMs: 0, agreeing: [], contradicting: [] };

const mostSamples = 32;
// One answer may come from a proxy with a wrong clock; three in a row that agree are believed.
const contradictionsNeeded = 3;
// An answer that took longer says too little about when it was written.
const longestRoundTripMs = 2000;

/**
 * Learns from one answer. Its `Date` is cut to whole seconds and was written somewhere between sending and receiving, so it gives
 * bounds, not a value; many answers at different moments of the second narrow them. The offset stays while the bounds allow it
 * (a clock that is right is never moved) and otherwise goes to their middle.
 */
export function learnOffset(
  state: StorageOffset,
  observed: { readonly dateMs: number; readonly sentAtMs: number; readonly receivedAtMs: number },
): StorageOffset {
  const { dateMs, sentAtMs, receivedAtMs } = observed;
  const roundTripMs = receivedAtMs - sentAtMs;
  if (!(roundTripMs >= 0 && roundTripMs <= longestRoundTripMs)) return state;
  const sample: OffsetBounds = { lowMs: dateMs - receivedAtMs, highMs: dateMs + 1000 - sentAtMs };
  const agreeing = [...state.agreeing, sample].slice(-mostSamples);
  const bounds = intersect(agreeing);
  if (bounds !== null) return { offsetMs: moveInto(state.offsetMs, bounds), agreeing, contradicting: [] };

  const contradicting = [...state.contradicting, sample].slice(-contradictionsNeeded);
  const others = intersect(contradicting);
  if (contradicting.length < contradictionsNeeded || others === null) return { ...state, contradicting };
  return { offsetMs: moveInto(state.offsetMs, others), agreeing: contradicting, contradicting: [] };
}

function intersect(samples: readonly OffsetBounds[]): OffsetBounds | null {
  const lowMs = Math.max(...samples.map((sample) => sample.lowMs));
  const highMs = Math.min(...samples.map((sample) => sample.highMs));
  return lowMs <= highMs ? { lowMs, highMs } : null;
}

function moveInto(offsetMs: number, bounds: OffsetBounds): number {
  if (offsetMs >= bounds.lowMs && offsetMs <= bounds.highMs) return offsetMs;
  return Math.round((bounds.lowMs + bounds.highMs) / 2);
}
