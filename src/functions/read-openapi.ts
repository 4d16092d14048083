import { app, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import manifest from '../../package.json' with { type: 'json' };
import { buildOpenApi } from '../core/http/openapi/build-openapi.ts';
import { securityHeaders } from './http/security-headers.ts';

let text: string | null = null;

/** `GET /openapi.json`: the description of every route; built at the first call, the same for everyone. */
export async function readOpenApi(_request: unknown, context: InvocationContext): Promise<HttpResponseInit> {
  text ??= JSON.stringify(buildOpenApi({ version: manifest.version }));
  return {
    status: 200,
    headers: {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'public, max-age=300',
      ...securityHeaders,
      'x-request-id': context.invocationId,
    },
    body: text,
  };
}

app.http('readOpenApi', { methods: ['GET'], route: 'openapi.json', authLevel: 'anonymous', handler: readOpenApi });
