import { app } from '@azure/functions';
import { readJob } from '../core/gateway/read-job.ts';
import { pollHeaders, toJobResource } from '../core/http/job-resource.ts';
import { jobNotFound, parseJobId, parseWaitSeconds } from '../core/http/parse-query.ts';
import { orThrow } from './http/or-throw.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `GET /jobs/{id}?wait=`: the job, at once or as soon as it ends within the wait. */
export async function readJobRoute(call: ApiCall): Promise<ApiReply> {
  const { ports } = call.application;
  const id = orThrow(parseJobId(call.param('id')));
  const waitSeconds = orThrow(parseWaitSeconds(call.query));
  const view = await readJob(ports, call.principal.team, id, waitSeconds * 1000);
  if (view === null) throw jobNotFound();
  return { status: 200, headers: pollHeaders(view, ports.clock.now()), body: toJobResource(view) };
}

app.http('readJob', { methods: ['GET'], route: 'jobs/{id}', authLevel: 'anonymous', handler: serve(readJobRoute) });
