import { NewerRowError } from '../versioned.ts';
import { retryHeaders } from './retry-headers.ts';
import { type ErrorCode, WeirError } from './weir-error.ts';

/** Headers by lower-case name. */
export type ResponseHeaders = Readonly<Record<string, string>>;

/** An error as it goes over the wire, in OpenAI's shape. */
export interface ErrorBody {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly code: string;
    readonly param: string | null;
  };
}

export interface ErrorResponse {
  readonly status: number;
  readonly headers: ResponseHeaders;
  readonly body: ErrorBody;
}

/** OpenAI's `type` of each code: what its SDKs and people's alerts group by. */
export const errorTypes: Readonly<Record<ErrorCode, string>> = {
  invalid_request: 'invalid_request_error',
  invalid_api_key: 'authentication_error',
  model_not_allowed: 'permission_error',
  forbidden: 'permission_error',
  not_found: 'not_found_error',
  model_not_found: 'not_found_error',
  request_too_large: 'invalid_request_error',
  idempotency_key_reused: 'invalid_request_error',
  rate_limit_exceeded: 'rate_limit_error',
  queue_full: 'rate_limit_error',
  budget_exceeded: 'insufficient_quota',
  internal_error: 'server_error',
  upstream_error: 'server_error',
  no_healthy_deployment: 'server_error',
  storage_unavailable: 'server_error',
  identity_unavailable: 'server_error',
  upstream_timeout: 'server_error',
};

/** Refusals that coming again does not change: the OpenAI SDKs obey this header above all else. */
const notWorthRetrying: ReadonlySet<ErrorCode> = new Set(['budget_exceeded', 'upstream_error', 'upstream_timeout']);

/** A 503 always says when to come back, even where whoever raised it did not know better. */
const unavailableRetryAfterMs = 2000;

/** Maps whatever was thrown or refused to a response; what is no WeirError becomes a 500 that tells nothing of its cause. */
export function toErrorResponse(error: unknown): ErrorResponse {
  const known = nameError(error);
  return {
    status: known.status,
    headers: errorHeaders(known),
    body: {
      error: { message: known.message, type: errorTypes[known.code], code: known.code, param: known.param },
    },
  };
}

function nameError(error: unknown): WeirError {
  if (error instanceof WeirError) return error;
  // Two versions run side by side while an upgrade rolls out: another worker can tell.
  if (error instanceof NewerRowError)
    return new WeirError(
      'storage_unavailable',
      'This was written by a newer version of Weir, which is being rolled out. Ask again shortly.',
    );
  return new WeirError(
    'internal_error',
    'Something went wrong inside the gateway. Name the x-request-id when you ask.',
  );
}

function errorHeaders(error: WeirError): ResponseHeaders {
  const retryAfterMs = error.retryAfterMs ?? (error.status === 503 ? unavailableRetryAfterMs : null);
  return {
    ...(retryAfterMs === null || notWorthRetrying.has(error.code) ? {} : retryHeaders(retryAfterMs)),
    ...(notWorthRetrying.has(error.code) ? { 'x-should-retry': 'false' } : {}),
    ...(error.resetAtMs === null ? {} : { 'x-weir-budget-reset': String(Math.ceil(error.resetAtMs / 1000)) }),
    ...(error.status === 401 ? { 'www-authenticate': 'Bearer realm="weir"' } : {}),
  };
}
