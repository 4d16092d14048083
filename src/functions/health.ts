import { app, type HttpResponseInit, type InvocationContext } from '@azure/functions';
import { isHealthy } from '../core/composition/lifecycle.ts';
import { securityHeaders } from './http/security-headers.ts';

/** `GET /health`: 200 when the process can accept work, 503 otherwise; nothing to learn from it. */
export async function health(_request: unknown, context: InvocationContext): Promise<HttpResponseInit> {
  const ok = await isHealthy();
  return {
    status: ok ? 200 : 503,
    headers: { ...securityHeaders, 'cache-control': 'no-store', 'x-request-id': context.invocationId },
    jsonBody: { status: ok ? 'ok' : 'unavailable' },
  };
}

app.http('health', { methods: ['GET'], route: 'health', authLevel: 'anonymous', handler: health });
