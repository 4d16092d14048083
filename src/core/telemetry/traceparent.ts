import type { Random } from '../random.ts';

/** The parts of a W3C trace context: 32 and 16 lower-case hex digits. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

const form = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/**
 * Reads a `traceparent` header; null when it is none. Version ff, ids of zeros, upper case, and anything behind the
 * flags of version 00 are refused; later versions may bring more parts (https://www.w3.org/TR/trace-context/).
 */
export function parseTraceparent(text: string): TraceContext | null {
  const found = form.exec(text);
  if (found === null) return null;
  const [, version = '', traceId = '', spanId = '', flags = '', rest] = found;
  if (version === 'ff' || (version === '00' && rest !== undefined)) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/**
 * The trace an accepted request belongs to: a new span in the caller's trace, or in a trace of its own when the caller
 * sent none or rubbish. Always sampled: hosts have been seen to hand on `-00`, and then every dependency is lost.
 */
export function openTrace(header: string | null, random: Random): string {
  const caller = header === null ? null : parseTraceparent(header.trim());
  return formatTraceparent(caller?.traceId ?? randomId(16, random), randomId(8, random));
}

/** A new span of the same trace; a trace of its own when `traceparent` is none. */
export function childTrace(traceparent: string, random: Random): string {
  return openTrace(traceparent, random);
}

function formatTraceparent(traceId: string, spanId: string): string {
  return `00-${traceId}-${spanId}-01`;
}

/** Zeros mean "none" in W3C terms and are no id. */
function randomId(bytes: number, random: Random): string {
  const id = random.hex(bytes);
  return /^0+$/.test(id) ? `${id.slice(1)}1` : id;
}
