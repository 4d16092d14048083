import { app } from '@azure/functions';
import { readQueues } from '../core/gateway/read-queues.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `GET /queues`: how much waits in each lane, for how long, and what quota is left. */
export async function readQueuesRoute(call: ApiCall): Promise<ApiReply> {
  return { status: 200, body: await readQueues(call.application.ports, call.principal) };
}

app.http('readQueues', { methods: ['GET'], route: 'queues', authLevel: 'anonymous', handler: serve(readQueuesRoute) });
