import { app } from '@azure/functions';
import { listJobs } from '../core/gateway/read-job.ts';
import { toJobResource } from '../core/http/job-resource.ts';
import { toListResource } from '../core/http/list-resource.ts';
import { parseJobListQuery } from '../core/http/parse-query.ts';
import { orThrow } from './http/or-throw.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `GET /jobs?status=&limit=&after=`: the team's jobs, newest first. */
export async function listJobsRoute(call: ApiCall): Promise<ApiReply> {
  const query = orThrow(parseJobListQuery(call.query));
  const { views, next } = await listJobs(call.application.ports, call.principal.team, query);
  const lastId = next ?? views.at(-1)?.job.id ?? null;
  return { status: 200, body: toListResource(views.map(toJobResource), next !== null, lastId) };
}

app.http('listJobs', { methods: ['GET'], route: 'jobs', authLevel: 'anonymous', handler: serve(listJobsRoute) });
