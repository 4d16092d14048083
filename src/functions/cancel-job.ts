import { app } from '@azure/functions';
import { cancelJob } from '../core/gateway/cancel-job.ts';
import { pollHeaders, toJobResource } from '../core/http/job-resource.ts';
import { jobNotFound, parseJobId } from '../core/http/parse-query.ts';
import { orThrow } from './http/or-throw.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `POST /jobs/{id}/cancel`: ends a queued job, asks a running one to abort, leaves a terminal one as it is. */
export async function cancelJobRoute(call: ApiCall): Promise<ApiReply> {
  const { ports } = call.application;
  const id = orThrow(parseJobId(call.param('id')));
  const view = await cancelJob(ports, call.principal.team, id, { erase: false });
  if (view === null) throw jobNotFound();
  return { status: 200, headers: pollHeaders(view, ports.clock.now()), body: toJobResource(view) };
}

app.http('cancelJob', {
  methods: ['POST'],
  route: 'jobs/{id}/cancel',
  authLevel: 'anonymous',
  handler: serve(cancelJobRoute),
});
