/** Codes of design §4.5, `identity_unavailable` beside them, and the HTTP status each answers with. */
export const errorStatuses = {
  invalid_request: 400,
  invalid_api_key: 401,
  model_not_allowed: 403,
  forbidden: 403,
  not_found: 404,
  model_not_found: 404,
  request_too_large: 413,
  idempotency_key_reused: 422,
  rate_limit_exceeded: 429,
  queue_full: 429,
  budget_exceeded: 429,
  internal_error: 500,
  upstream_error: 502,
  no_healthy_deployment: 503,
  storage_unavailable: 503,
  identity_unavailable: 503,
  upstream_timeout: 504,
} as const;

export type ErrorCode = keyof typeof errorStatuses;

export interface WeirErrorOptions {
  /** Field of the request that is wrong, as a path such as `body.messages`; null when none is. */
  readonly param?: string | null;
  /** When it makes sense to come back; becomes `Retry-After` (whole seconds, rounded up) and `retry-after-ms`. */
  readonly retryAfterMs?: number;
  /** When an exhausted budget starts anew; too far away for `Retry-After`. */
  readonly resetAtMs?: number;
  readonly cause?: unknown;
}

/** What a caller cannot go on from. The message says what was received, what is allowed and what to do; never content or keys. */
export class WeirError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly param: string | null;
  readonly retryAfterMs: number | null;
  readonly resetAtMs: number | null;

  constructor(code: ErrorCode, message: string, options: WeirErrorOptions = {}) {
    super(message, { cause: options.cause });
    this.name = 'WeirError';
    this.code = code;
    this.status = errorStatuses[code];
    this.param = options.param ?? null;
    this.retryAfterMs = options.retryAfterMs ?? null;
    this.resetAtMs = options.resetAtMs ?? null;
  }
}

/** Storage did not answer in time or refused: accepted work is safe, the request should come again. */
export class StorageUnavailableError extends WeirError {
  /** What was tried. */
  readonly operation: string;
  /** The same for operators: what was tried, what storage said, where to look. Callers are not told of tables and queues. */
  readonly report: string;

  constructor(operation: string, cause: unknown, report = `Storage gave no answer (${operation}).`) {
    const message =
      'Storage is unavailable. Accepted jobs are safe; send again shortly, with the same Idempotency-Key if you use one.';
    super('storage_unavailable', message, { retryAfterMs: 2000, cause });
    this.name = 'StorageUnavailableError';
    this.operation = operation;
    this.report = report;
  }
}
