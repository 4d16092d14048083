import { app } from '@azure/functions';
import { submitJob } from '../core/gateway/submit-job.ts';
import { pollHeaders, toJobResource } from '../core/http/job-resource.ts';
import { parseJobSubmission } from '../core/http/parse-job-submission.ts';
import { type ApiCall, type ApiReply, serve } from './http/serve.ts';

/** `POST /jobs`: accepts a job durably and answers 202, or 200 with a job that has already ended under the same key. */
export async function submitJobRoute(call: ApiCall): Promise<ApiReply> {
  const { ports } = call.application;
  const reading = parseJobSubmission(
    { bytes: await call.readBody(), idempotencyKey: call.header('idempotency-key'), prefer: call.header('prefer') },
    ports.config.current().limits,
  );
  if (reading.outcome === 'refused') throw reading.error;
  const { view, isReplay } = await submitJob(ports, call.principal, reading.submission, call.traceparent);
  return {
    status: view.job.end === null ? 202 : 200,
    headers: {
      location: `/jobs/${view.job.id}`,
      ...pollHeaders(view, ports.clock.now()),
      ...(isReplay ? { 'idempotent-replayed': 'true' } : {}),
    },
    body: toJobResource(view),
  };
}

app.http('submitJob', { methods: ['POST'], route: 'jobs', authLevel: 'anonymous', handler: serve(submitJobRoute) });
