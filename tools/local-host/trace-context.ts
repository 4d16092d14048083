import { randomBytes } from 'node:crypto';

/** A W3C trace context. */
export interface TraceContext {
  traceParent: string;
  traceState: string;
}

const traceParentPattern = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})$/;

/**
 * The context of an invocation: the caller's trace with a span of the host's own, as the real host makes one for its
 * request; without a valid caller's context a new, sampled trace.
 */
export function continueTrace(caller: TraceContext | undefined): TraceContext {
  const span = randomBytes(8).toString('hex');
  const match = caller === undefined ? null : traceParentPattern.exec(caller.traceParent);
  if (caller === undefined || match === null) {
    return { traceParent: `00-${randomBytes(16).toString('hex')}-${span}-01`, traceState: '' };
  }
  return { traceParent: `00-${match[1]}-${span}-${match[2]}`, traceState: caller.traceState };
}
