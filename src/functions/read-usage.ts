import { app } from '@azure/functions';
import { readUsage } from '../core/gateway/read-usage.ts';
import { parseUsageQuery } from '../core/http/parse-query.ts';
import { orThrow } from './http/or-throw.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `GET /usage?from=&to=&group_by=`: tokens and money, summed by group or attempt by attempt. */
export async function readUsageRoute(call: ApiCall): Promise<ApiReply> {
  const { ports } = call.application;
  const query = orThrow(parseUsageQuery(call.query, ports.clock.now()));
  return { status: 200, body: await readUsage(ports, call.principal, query) };
}

app.http('readUsage', { methods: ['GET'], route: 'usage', authLevel: 'anonymous', handler: serve(readUsageRoute) });
