import { InvocationContext } from '@azure/functions';
import { expect, test } from 'vitest';
import { operations } from '../../../src/core/http/openapi/build-openapi.ts';
import { loadRoutes } from './load-functions.ts';

const routes = await loadRoutes();
const { readOpenApi } = await import('../../../src/functions/read-openapi.ts');

test('every registered route is an operation of the document, and every operation is registered', () => {
  const described = operations.map(({ id, method, path }) => `${id}: ${method} ${path}`);
  expect(described.sort()).toEqual(routes.map(({ name, method, path }) => `${name}: ${method} ${path}`).sort());
});

test('the document is served to anyone, as JSON with the version of the package', async () => {
  const answer = await readOpenApi(null, new InvocationContext({ invocationId: 'request-1' }));
  expect(answer.status).toBe(200);
  expect(answer.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'x-request-id': 'request-1',
  });
  const document = JSON.parse(String(answer.body));
  expect(document.info.version).toMatch(/^\d+\.\d+\.\d+/);
  expect(Object.keys(document.paths)).toContain('/openapi.json');
});

test('a process that has not started is unhealthy, and says so under a request id', async () => {
  const { health } = await import('../../../src/functions/health.ts');
  const answer = await health(null, new InvocationContext({ invocationId: 'request-2' }));
  expect(answer).toMatchObject({ status: 503, headers: { 'x-request-id': 'request-2' } });
  expect(answer.jsonBody).toEqual({ status: 'unavailable' });
});
