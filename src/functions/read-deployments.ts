import { app } from '@azure/functions';
import { readDeployments } from '../core/gateway/read-deployments.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `GET /deployments`: health, load and what is left of every deployment the caller's models use. */
export async function readDeploymentsRoute(call: ApiCall): Promise<ApiReply> {
  return { status: 200, body: await readDeployments(call.application.ports, call.principal) };
}

app.http('readDeployments', {
  methods: ['GET'],
  route: 'deployments',
  authLevel: 'anonymous',
  handler: serve(readDeploymentsRoute),
});
