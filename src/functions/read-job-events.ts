import { app } from '@azure/functions';
import { readJob } from '../core/gateway/read-job.ts';
import { toEventResources } from '../core/http/event-resource.ts';
import { toListResource } from '../core/http/list-resource.ts';
import { jobNotFound, parseJobId } from '../core/http/parse-query.ts';
import { orThrow } from './http/or-throw.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `GET /jobs/{id}/events`: the job's trail, oldest first. */
export async function readJobEventsRoute(call: ApiCall): Promise<ApiReply> {
  const id = orThrow(parseJobId(call.param('id')));
  const view = await readJob(call.application.ports, call.principal.team, id, 0);
  if (view === null) throw jobNotFound();
  const trail = view.job.end?.trail ?? view.live?.trail ?? [];
  return { status: 200, body: toListResource(toEventResources(trail), false, null) };
}

app.http('readJobEvents', {
  methods: ['GET'],
  route: 'jobs/{id}/events',
  authLevel: 'anonymous',
  handler: serve(readJobEventsRoute),
});
