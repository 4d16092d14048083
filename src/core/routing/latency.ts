/** What a deployment's answers took, as moving averages; null before the first sample. */
export interface Latency {
  readonly firstByteMs: number | null;
  /** Whole time of a call per output token; stays null for embeddings. */
  readonly msPerOutputToken: number | null;
  readonly samples: number;
}

/** One answered call. */
export interface LatencySample {
  readonly firstByteMs: number;
  readonly latencyMs: number;
  readonly outputTokens: number;
}

/** Weight of the newest sample. */
const weight = 0.25;
/** A sample counts for at most this many times the average: one stray call in a thousand must not look like a slow region. */
const strayFactor = 5;
/** Fewer samples than this judge nobody. */
const fewestSamples = 3;
/** A deployment is slow from this many times the others' median … */
const slowFactor = 3;
/** … if that is also a difference anyone would notice. */
const slowDifferenceMs = 200;

/** Nothing measured yet. */
export const noLatency: Latency = { firstByteMs: null, msPerOutputToken: null, samples: 0 };

/** The averages after one more answered call. */
export function addLatency(latency: Latency, sample: LatencySample): Latency {
  const perToken = sample.outputTokens > 0 ? sample.latencyMs / sample.outputTokens : null;
  return {
    firstByteMs: average(latency.firstByteMs, sample.firstByteMs),
    msPerOutputToken: perToken === null ? latency.msPerOutputToken : average(latency.msPerOutputToken, perToken),
    samples: latency.samples + 1,
  };
}

/**
 * Whether `own` is slow beside the median of `others`: three times the time to first byte and, where both answer with
 * tokens, three times the time per token as well (an unstreamed answer's first byte comes late when it is long).
 */
export function isSlow(own: Latency, others: readonly Latency[]): boolean {
  const known = others.filter((other) => other.samples >= fewestSamples);
  if (own.samples < 2 || known.length === 0) return false;
  return (
    isFarAbove(
      own.firstByteMs,
      known.map((other) => other.firstByteMs),
      slowDifferenceMs,
    ) &&
    isFarAbove(
      own.msPerOutputToken,
      known.map((other) => other.msPerOutputToken),
      0,
      true,
    )
  );
}

/** One number to compare deployments by, in ms; 0 for one that nobody has measured, so that it gets measured. */
export function expectedLatencyMs(latency: Latency, outputTokens: number): number {
  if (outputTokens > 0 && latency.msPerOutputToken !== null) return latency.msPerOutputToken * outputTokens;
  return latency.firstByteMs ?? 0;
}

function average(before: number | null, sample: number): number {
  if (before === null) return sample;
  return before * (1 - weight) + Math.min(sample, before * strayFactor) * weight;
}

function isFarAbove(
  own: number | null,
  others: readonly (number | null)[],
  differenceMs: number,
  whenUnknown = false,
): boolean {
  const known = others.filter((other) => other !== null).sort((left, right) => left - right);
  const middle = known[Math.floor((known.length - 1) / 2)];
  if (own === null || middle === undefined) return whenUnknown;
  return own >= middle * slowFactor && own - middle >= differenceMs;
}
