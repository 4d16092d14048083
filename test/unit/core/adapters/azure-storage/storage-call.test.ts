import { describe, expect, it } from 'vitest';
import {
  boundsFor,
  callStorage,
  readStorageFailure,
  storageBounds,
} from '../../../../../src/core/adapters/azure-storage/storage-call.ts';
import { StorageUnavailableError } from '../../../../../src/core/http/weir-error.ts';

const bounds = { totalMs: 10_000, tryMs: 10_000, maxTries: 3, retryDelayMs: 0 };
const failure = (fields: object, name = 'RestError') => Object.assign(new Error('failed'), { name }, fields);

describe('boundsFor', () => {
  it.each([
    [0, 1500, 2000],
    [1_000_000, 2500, 3000],
    [48_000_000, 49_500, 50_000],
    [1_000_000_000, 60_000, 60_500],
  ])('gives %i bytes %i ms a try and %i ms in all', (bytes, tryMs, totalMs) => {
    expect(boundsFor(storageBounds, bytes)).toEqual({ ...storageBounds, tryMs, totalMs });
  });
});

describe('readStorageFailure', () => {
  it.each([
    [{ statusCode: 404, code: 'ResourceNotFound' }, 'missing'],
    [{ statusCode: 404, details: { odataError: { code: 'TableNotFound' } } }, 'unavailable'],
    [{ statusCode: 404, code: 'QueueNotFound' }, 'unavailable'],
    [{ statusCode: 404, details: { errorCode: 'ContainerNotFound' } }, 'unavailable'],
    [{ statusCode: 409 }, 'duplicate'],
    [{ statusCode: 412 }, 'lost'],
    [{ statusCode: 400 }, 'fault'],
    [{ statusCode: 413 }, 'fault'],
    [{ statusCode: 403 }, 'unavailable'],
    [{ statusCode: 500 }, 'unavailable'],
    [{ statusCode: 503 }, 'unavailable'],
    [{ code: 'ECONNRESET' }, 'unavailable'],
  ])('takes %j for %s', (fields, expected) => {
    expect(readStorageFailure(failure(fields))).toBe(expected);
  });

  it('takes an abort for unavailable and a bug for a fault', () => {
    expect(readStorageFailure(failure({}, 'AbortError'))).toBe('unavailable');
    expect(readStorageFailure(failure({ syscall: 'connect', code: 'ECONNREFUSED' }, 'Error'))).toBe('unavailable');
    expect(readStorageFailure(new TypeError('undefined is not a function'))).toBe('fault');
    expect(readStorageFailure('text')).toBe('fault');
  });
});

describe('callStorage', () => {
  it('says from the second try on that an earlier one may have been applied', async () => {
    const seen: boolean[] = [];
    const result = await callStorage('test', bounds, async ({ mayHaveApplied }) => {
      seen.push(mayHaveApplied);
      if (seen.length < 3) throw failure({ code: 'ECONNRESET' });
      return 'done';
    });
    expect(result).toBe('done');
    expect(seen).toEqual([false, true, true]);
  });

  it('gives up after its tries, keeping the cause', async () => {
    let tries = 0;
    const cause = failure({ statusCode: 503 });
    const call = callStorage('read in table teams', bounds, async () => {
      tries += 1;
      throw cause;
    });
    await expect(call).rejects.toMatchObject({ name: 'StorageUnavailableError', status: 503, cause });
    expect(tries).toBe(bounds.maxTries);
  });

  it.each([
    [
      { statusCode: 403, code: 'AuthorizationPermissionMismatch' },
      /^Storage refused \(read blob config\/a: 403 Author.*role/,
    ],
    [
      { statusCode: 404, details: { errorCode: 'ContainerNotFound' } },
      /no such place .*404 ContainerNotFound.*account/,
    ],
    [{ statusCode: 503 }, /^Storage failed \(read blob config\/a: 503\)\.$/],
    [{ code: 'ECONNRESET' }, /^Storage gave no answer \(read blob config\/a\)\.$/],
  ])('tells operators, and them alone, of %j', async (fields, report) => {
    const call = callStorage('read blob config/a', bounds, () => Promise.reject(failure(fields)));
    const { message, report: told } = await call.catch((error: StorageUnavailableError) => error);
    expect(told).toMatch(report);
    expect(message).not.toContain('config/a');
  });

  it('does not repeat what a retry cannot mend', async () => {
    for (const [fields, isUnavailable] of [
      [{ statusCode: 403 }, true],
      [{ statusCode: 409 }, false],
      [{ statusCode: 400 }, false],
    ] as const) {
      let tries = 0;
      const error = await callStorage('test', bounds, async () => {
        tries += 1;
        throw failure(fields);
      }).catch((thrown: unknown) => thrown);
      expect(error instanceof StorageUnavailableError).toBe(isUnavailable);
      expect(tries).toBe(1);
    }
  });
});
