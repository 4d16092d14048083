import type { UpstreamFault, UpstreamOutcome } from '../routing/upstream.ts';
import type { Classification, ClassificationNotice, HealthEffect } from './classification.ts';
import { abortedError, upstreamError, upstreamTimeout } from './upstream-errors.ts';

interface FaultMeaning {
  readonly reason: string;
  readonly health: HealthEffect;
  readonly isTimeout?: boolean;
  readonly notice?: ClassificationNotice;
}

const meanings: Readonly<Record<Exclude<UpstreamFault, 'aborted'>, FaultMeaning>> = {
  dns: { reason: 'dns_failed', health: 'bad' },
  connect: { reason: 'connect_failed', health: 'bad' },
  certificate: {
    reason: 'certificate_invalid',
    health: 'bad',
    notice: { level: 'error', name: 'certificate_invalid' },
  },
  connect_timeout: { reason: 'connect_timeout', health: 'bad', isTimeout: true },
  first_byte_timeout: { reason: 'first_byte_timeout', health: 'bad', isTimeout: true },
  total_timeout: { reason: 'total_timeout', health: 'bad', isTimeout: true },
  reset: { reason: 'connection_reset', health: 'bad' },
  truncated: { reason: 'answer_truncated', health: 'bad' },
  too_large: { reason: 'answer_too_large', health: 'bad' },
  not_json: { reason: 'answer_not_json', health: 'bad' },
  // The credential never left this process: it says nothing about the region, and other processes may have theirs.
  credential: {
    reason: 'credential_unavailable',
    health: 'none',
    notice: { level: 'error', name: 'credential_unavailable' },
  },
};

/** Judges a call without a usable answer: what was sent may have been processed and billed, what was not is free. */
export function classifyFault(outcome: Extract<UpstreamOutcome, { kind: 'unanswered' }>): Classification {
  const rest = {
    statusCode: outcome.statusCode,
    throttle: null,
    hint: null,
    coolDownMs: null,
    finishReasons: [],
    spilloverFrom: null,
  };
  const billing: Classification['billing'] = outcome.sent ? { kind: 'estimated', part: 'all' } : { kind: 'none' };
  if (outcome.fault === 'aborted') {
    return {
      ...rest,
      verdict: 'give-up',
      outcome: 'aborted',
      reason: 'aborted',
      billing,
      health: 'none',
      error: abortedError,
      notice: null,
    };
  }
  const { reason, health, isTimeout = false, notice = null } = meanings[outcome.fault];
  return {
    ...rest,
    verdict: outcome.sent ? 'unknown-outcome' : 'retry-elsewhere',
    outcome: outcome.sent ? 'unknown' : 'failed',
    reason,
    billing,
    health,
    error: isTimeout ? upstreamTimeout(reason) : upstreamError(reason),
    notice,
  };
}
