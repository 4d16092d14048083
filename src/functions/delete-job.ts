import { app } from '@azure/functions';
import { deleteJob } from '../core/gateway/cancel-job.ts';
import { jobNotFound, parseJobId } from '../core/http/parse-query.ts';
import { orThrow } from './http/or-throw.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `DELETE /jobs/{id}`: cancels it if need be and removes its content; what it cost stays on the accounts. */
export async function deleteJobRoute(call: ApiCall): Promise<ApiReply> {
  const id = orThrow(parseJobId(call.param('id')));
  const isFound = await deleteJob(call.application.ports, call.principal.team, id);
  if (!isFound) throw jobNotFound();
  return { status: 200, body: { id, object: 'job', deleted: true } };
}

app.http('deleteJob', {
  methods: ['DELETE'],
  route: 'jobs/{id}',
  authLevel: 'anonymous',
  handler: serve(deleteJobRoute),
});
