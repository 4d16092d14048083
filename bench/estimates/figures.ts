/** The value below which the given part of the values lies; 0 for none. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
}

/** Error of estimates relative to the truth: its middle, with sign, and how far off nineteen of twenty are at most. */
export interface EstimateError {
  readonly p50: number;
  readonly p95Absolute: number;
  readonly under: number;
}

/** Relative errors; `under` is the part of the estimates that are too low by more than 1 %. */
export function describeErrors(
  pairs: readonly { readonly estimate: number; readonly actual: number }[],
): EstimateError {
  const errors = pairs.map(({ estimate, actual }) => estimate / Math.max(1, actual) - 1);
  return {
    p50: quantile(errors, 0.5),
    p95Absolute: quantile(errors.map(Math.abs), 0.95),
    under: errors.filter((error) => error < -0.01).length / Math.max(1, errors.length),
  };
}
