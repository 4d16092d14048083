import type { Classification } from './classification.ts';
import { classifyThrottle, defaultCoolDownMs, type ThrottleKind } from './classify-throttle.ts';
import { jsonField, jsonText } from './json-field.ts';
import { parseRetryHint } from './parse-retry-hint.ts';
import {
  configurationError,
  refusedRequest,
  throttledError,
  upstreamError,
  upstreamTimeout,
} from './upstream-errors.ts';

/** An answer whose status is no success. `body` is null when it was no JSON or did not come whole. */
export interface Refusal {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** Categories for which the content filter refused the prompt, where it told them. */
  readonly filteredCategories?: readonly string[];
}

const throttleReasons: Readonly<Record<ThrottleKind, string>> = {
  tokens: 'throttled_tokens',
  requests: 'throttled_requests',
  capacity: 'throttled_capacity',
  unknown: 'throttled',
};

/** A 429 that says "at once" would be answered by the next: leave the deployment alone for a moment anyway. */
const leastCoolDownMs = 1000;

/** Codes that blame the deployment's name, model or API surface: another deployment may well take the request. */
const configurationCodes = new Set([
  'deploymentnotfound',
  'model_not_found',
  'unknown_model',
  'unsupported_api_version',
]);
/** Refused after the service had read the prompt: input is charged (reference/azure-openai.md §4). */
const billedCodes = new Set(['content_filter', 'context_length_exceeded', 'string_above_max_length']);

/** Judges an answer that refuses, by status first, then by the service's code. */
export function classifyRefusal(refusal: Refusal, now: number): Classification {
  const { statusCode, headers, body } = refusal;
  const error = jsonField(body, 'error');
  const message = jsonText(error, 'message') ?? jsonText(body, 'message');
  const code = readCode(error);
  const base = {
    statusCode,
    billing: { kind: 'none' },
    throttle: null,
    hint: null,
    coolDownMs: null,
    finishReasons: [],
    notice: null,
    spilloverFrom: null,
  } as const;

  if (statusCode === 429) {
    const throttle = classifyThrottle(headers, message);
    const hint = parseRetryHint(headers, message, throttle, now);
    const reason = throttleReasons[throttle];
    const coolDownMs = Math.max(leastCoolDownMs, hint?.coolDownMs ?? defaultCoolDownMs[throttle]);
    return {
      ...base,
      verdict: 'throttled',
      outcome: 'throttled',
      reason,
      health: 'none',
      throttle,
      hint,
      coolDownMs,
      error: throttledError(reason),
    };
  }
  if (statusCode === 401 || statusCode === 403) {
    return {
      ...base,
      verdict: 'retry-elsewhere',
      outcome: 'failed',
      reason: 'credential_rejected',
      health: 'credential',
      error: configurationError('credential_rejected'),
      notice: { level: 'error', name: 'credential_rejected' },
    };
  }
  if (statusCode === 404 || statusCode < 400 || configurationCodes.has(code?.toLowerCase() ?? '')) {
    const reason = statusCode < 400 ? 'unexpected_redirect' : 'deployment_not_found';
    return {
      ...base,
      verdict: 'retry-elsewhere',
      outcome: 'failed',
      reason,
      health: 'configuration',
      error: configurationError(reason),
      notice: { level: 'error', name: 'deployment_misconfigured' },
    };
  }
  if (statusCode === 408) {
    return {
      ...base,
      verdict: 'unknown-outcome',
      outcome: 'unknown',
      reason: 'request_timeout',
      billing: { kind: 'estimated', part: 'all' },
      health: 'bad',
      error: upstreamTimeout('request_timeout'),
    };
  }
  if (statusCode >= 500) {
    const hint = parseRetryHint(headers, message, 'unknown', now);
    const reason = `server_error_${statusCode}`;
    const failure = statusCode === 504 ? upstreamTimeout(reason) : upstreamError(reason);
    return {
      ...base,
      verdict: 'retry-elsewhere',
      outcome: 'failed',
      reason,
      health: 'bad',
      hint,
      coolDownMs: hint?.coolDownMs ?? null,
      error: failure,
    };
  }
  const reason = code ?? 'invalid_request';
  // The model does not serve this endpoint: the caller's mistake, the same everywhere. It proves the deployment neither well nor ill.
  const isWrongOperation = reason.toLowerCase() === 'operationnotsupported';
  return {
    ...base,
    verdict: 'give-up',
    outcome: 'refused',
    reason,
    billing: billedCodes.has(reason) ? { kind: 'estimated', part: 'input' } : { kind: 'none' },
    health: isWrongOperation ? 'none' : 'good',
    error: refusedRequest(statusCode, reason, refusal.filteredCategories ?? []),
  };
}

/** The service's code, only if it looks like one: nothing of the caller's text may travel in it. */
function readCode(error: unknown): string | null {
  const code = jsonText(error, 'code') ?? jsonText(jsonField(error, 'innererror'), 'code');
  if (code === 'ResponsibleAIPolicyViolation') return 'content_filter';
  return code !== null && /^[A-Za-z][A-Za-z0-9_.]{0,63}$/.test(code) ? code : null;
}
