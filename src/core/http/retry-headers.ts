/** `Retry-After` in whole seconds, rounded up, at least 1, and `retry-after-ms`, at least 1: the past means "at once". */
export function retryHeaders(retryAfterMs: number): { 'retry-after': string; 'retry-after-ms': string } {
  const waitMs = Math.max(1, Math.ceil(retryAfterMs));
  return { 'retry-after': String(Math.ceil(waitMs / 1000)), 'retry-after-ms': String(waitMs) };
}
