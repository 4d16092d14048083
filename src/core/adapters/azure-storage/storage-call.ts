import { StorageUnavailableError } from '../../http/weir-error.ts';

/** How long one storage operation may take, retries included, and how it is retried. */
export interface StorageBounds {
  /** All tries together. */
  readonly totalMs: number;
  /** One try; what is left of `totalMs` bounds the last one. */
  readonly tryMs: number;
  readonly maxTries: number;
  readonly retryDelayMs: number;
}

/** Bounds of every read and write: with the SDK's own, a storage outage is noticed after 5 to 16 s only. */
export const storageBounds: StorageBounds = { totalMs: 2000, tryMs: 1500, maxTries: 2, retryDelayMs: 100 };

/** What a line to storage carries at least, shared by all jobs of an instance: below it a large content counts as storage being away. */
const slowestBytesPerSecond = 1_000_000;
const longestTryMs = 60_000;

/** `bounds` with the time added that so many bytes may take on the line, in either direction; one try has at most a minute. */
export function boundsFor(bounds: StorageBounds, bytes: number): StorageBounds {
  const wantedMs = Math.ceil((bytes / slowestBytesPerSecond) * 1000);
  const extraMs = Math.max(0, Math.min(wantedMs, longestTryMs - bounds.tryMs));
  return { ...bounds, tryMs: bounds.tryMs + extraMs, totalMs: bounds.totalMs + extraMs };
}

/** One try of a storage operation: `mayHaveApplied` is true when an earlier try ended without an answer. */
export interface StorageTry {
  readonly signal: AbortSignal;
  readonly mayHaveApplied: boolean;
}

/** What an answer of a storage service means; `fault` is our own mistake, such as a row that is too large. */
export type StorageFailure = 'missing' | 'duplicate' | 'lost' | 'unavailable' | 'fault';

// A missing table or queue is a 404 like a missing row, and must never be taken for one.
const absentResources = new Set([
  'TableNotFound',
  'TableBeingDeleted',
  'QueueNotFound',
  'QueueBeingDeleted',
  'ContainerNotFound',
  'ContainerBeingDeleted',
]);
const retryableStatuses = new Set([408, 429, 500, 502, 503, 504]);

/** Reads what a failed storage call says. Errors without a status (reset, refused, timeout) are `unavailable`. */
export function readStorageFailure(error: unknown): StorageFailure {
  const status = readNumber(error, 'statusCode');
  if (status === null) return isOwnMistake(error) ? 'fault' : 'unavailable';
  if (absentResources.has(readErrorCode(error) ?? '')) return 'unavailable';
  if (status === 404) return 'missing';
  if (status === 409) return 'duplicate';
  if (status === 412) return 'lost';
  if (retryableStatuses.has(status) || status === 401 || status === 403) return 'unavailable';
  return 'fault';
}

/** The service's error code: tables keep it in the body outside transactions. */
function readErrorCode(error: unknown): string | null {
  const details = readProperty(error, 'details');
  return (
    readText(error, 'code') ?? readText(readProperty(details, 'odataError'), 'code') ?? readText(details, 'errorCode')
  );
}

/** For operators. What no answer came for reads the same however the line failed, so that it counts as one trouble. */
function describeFailure(operation: string, error: unknown): string {
  const status = readNumber(error, 'statusCode');
  if (status === null) return `Storage gave no answer (${operation}).`;
  const said = `(${[`${operation}: ${status}`, readErrorCode(error)].filter(Boolean).join(' ')})`;
  if (status === 401 || status === 403) {
    return `Storage refused ${said}: has the identity its role on the account, and does the account's firewall let it in?`;
  }
  if (status === 404) return `Storage has no such place ${said}: is this the account that was deployed?`;
  return `Storage failed ${said}.`;
}

/**
 * Runs a storage operation within `bounds`: tries that end without an answer are repeated, then StorageUnavailableError is
 * thrown. Every other error reaches the caller as it came.
 */
export async function callStorage<T>(
  operation: string,
  bounds: StorageBounds,
  run: (attempt: StorageTry) => Promise<T>,
): Promise<T> {
  const total = AbortSignal.timeout(bounds.totalMs);
  for (let tryNumber = 1; ; tryNumber += 1) {
    try {
      const signal = AbortSignal.any([total, AbortSignal.timeout(bounds.tryMs)]);
      return await run({ signal, mayHaveApplied: tryNumber > 1 });
    } catch (error) {
      if (readStorageFailure(error) !== 'unavailable') throw error;
      const status = readNumber(error, 'statusCode');
      const isRetryable = status === null || retryableStatuses.has(status);
      if (!isRetryable || tryNumber >= bounds.maxTries || total.aborted) {
        throw new StorageUnavailableError(operation, error, describeFailure(operation, error));
      }
      await pause(bounds.retryDelayMs * (0.5 + Math.random()));
    }
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, durationMs);
  });
}

// Network errors and aborts come as RestError, AbortError or system errors with a code; a TypeError or WeirError does not.
function isOwnMistake(error: unknown): boolean {
  if (!(error instanceof Error)) return true;
  if (error.name === 'RestError' || error.name === 'AbortError' || error.name === 'TimeoutError') return false;
  return typeof readProperty(error, 'syscall') !== 'string';
}

function readProperty(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function readText(value: unknown, name: string): string | null {
  const found = readProperty(value, name);
  return typeof found === 'string' ? found : null;
}

function readNumber(value: unknown, name: string): number | null {
  const found = readProperty(value, name);
  return typeof found === 'number' ? found : null;
}
