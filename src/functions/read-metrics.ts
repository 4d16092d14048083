import { app } from '@azure/functions';
import { readMetrics } from '../core/gateway/read-metrics.ts';
import { parseMetricsQuery } from '../core/http/parse-query.ts';
import { orThrow } from './http/or-throw.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `GET /metrics/summary?last=`: success rate, latency, tokens and errors of the newest calls. */
export async function readMetricsRoute(call: ApiCall): Promise<ApiReply> {
  const last = orThrow(parseMetricsQuery(call.query));
  return { status: 200, body: await readMetrics(call.application.ports, call.principal, last) };
}

app.http('readMetrics', {
  methods: ['GET'],
  route: 'metrics/summary',
  authLevel: 'anonymous',
  handler: serve(readMetricsRoute),
});
