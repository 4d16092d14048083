import { describe, expect, it } from 'vitest';
import { errorTypes, toErrorResponse } from '../../../../src/core/http/error-response.ts';
import {
  type ErrorCode,
  errorStatuses,
  StorageUnavailableError,
  WeirError,
} from '../../../../src/core/http/weir-error.ts';

describe('toErrorResponse', () => {
  it.each<[ErrorCode, number, string]>([
    ['invalid_request', 400, 'invalid_request_error'],
    ['invalid_api_key', 401, 'authentication_error'],
    ['model_not_allowed', 403, 'permission_error'],
    ['not_found', 404, 'not_found_error'],
    ['request_too_large', 413, 'invalid_request_error'],
    ['idempotency_key_reused', 422, 'invalid_request_error'],
    ['rate_limit_exceeded', 429, 'rate_limit_error'],
    ['queue_full', 429, 'rate_limit_error'],
    ['budget_exceeded', 429, 'insufficient_quota'],
    ['upstream_error', 502, 'server_error'],
    ['upstream_timeout', 504, 'server_error'],
    ['storage_unavailable', 503, 'server_error'],
    ['identity_unavailable', 503, 'server_error'],
  ])('answers %s with %i and type %s', (code, status, type) => {
    const response = toErrorResponse(new WeirError(code, 'What happened', { param: 'body.model' }));
    expect(response.status).toBe(status);
    expect(response.body).toEqual({ error: { message: 'What happened', type, code, param: 'body.model' } });
  });

  it('has a type for every code', () => {
    expect(Object.keys(errorTypes).sort()).toEqual(Object.keys(errorStatuses).sort());
  });

  it.each([
    [1, '1', '1'],
    [1000, '1', '1000'],
    [1000.2, '2', '1001'],
    [1001, '2', '1001'],
    [-50, '1', '1'],
    [0, '1', '1'],
  ])('rounds a wait of %d ms up to %s s', (retryAfterMs, seconds, milliseconds) => {
    const { headers } = toErrorResponse(new WeirError('queue_full', 'Full', { retryAfterMs }));
    expect(headers).toEqual({ 'retry-after': seconds, 'retry-after-ms': milliseconds });
  });

  it('tells clients not to retry what retrying does not change', () => {
    for (const code of ['budget_exceeded', 'upstream_error', 'upstream_timeout'] as const) {
      const { headers } = toErrorResponse(new WeirError(code, 'No', { retryAfterMs: 5 }));
      expect(headers).toMatchObject({ 'x-should-retry': 'false' });
      expect(headers).not.toHaveProperty('retry-after');
    }
    expect(toErrorResponse(new WeirError('queue_full', 'Full')).headers).not.toHaveProperty('x-should-retry');
  });

  it('tells when an exhausted budget starts anew', () => {
    const error = new WeirError('budget_exceeded', 'Spent', { resetAtMs: 1_790_000_000_500 });
    expect(toErrorResponse(error).headers['x-weir-budget-reset']).toBe('1790000001');
  });

  it('asks for credentials on 401 and says when to come back on every 503', () => {
    expect(toErrorResponse(new WeirError('invalid_api_key', 'Who?')).headers['www-authenticate']).toMatch(/^Bearer/);
    expect(toErrorResponse(new WeirError('no_healthy_deployment', 'None')).headers['retry-after']).toBe('2');
    expect(toErrorResponse(new StorageUnavailableError('read', null)).headers['retry-after']).toBe('2');
  });

  it('tells nothing of what it does not know', () => {
    const response = toErrorResponse(new Error('secret of the stack'));
    expect(response.status).toBe(500);
    expect(JSON.stringify(response)).not.toContain('secret');
    expect(response.body.error.code).toBe('internal_error');
  });
});
