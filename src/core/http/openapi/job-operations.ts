import { z } from 'zod';
import { jobStatuses } from '../../jobs/job.ts';
import { maxWaitSeconds } from '../parse-headers.ts';
import { jobSubmissionSchema } from '../parse-job-submission.ts';
import { deletedJobSchema, jobEventListSchema, jobListSchema, jobSchema } from './job-schemas.ts';
import type { Operation, OperationAnswer, OperationParameter } from './operation.ts';

const id: OperationParameter = { name: 'id', in: 'path', description: "The job's id.", schema: z.string() };
const wait = z.int().min(0).max(maxWaitSeconds);

const aJob = (description: string): OperationAnswer => ({
  status: 200,
  description,
  schema: jobSchema,
  headers: ['retry-after', 'retry-after-ms'],
});

/** The routes under `/jobs`. */
export const jobOperations: readonly Operation[] = [
  {
    id: 'submitJob',
    method: 'post',
    path: '/jobs',
    tag: 'jobs',
    summary: 'Submit a job',
    description:
      '202 means that the job is on record: it will reach exactly one terminal state, whatever process dies.',
    parameters: [
      {
        name: 'Idempotency-Key',
        in: 'header',
        description:
          '1 to 255 visible ASCII characters. The same key with the same request is the same job; with another request it is refused.',
        schema: z
          .string()
          .regex(/^[\x21-\x7e]{1,255}$/)
          .optional(),
      },
      {
        name: 'Prefer',
        in: 'header',
        description: '`wait=30`: wait up to so many seconds (0 to 30) for a place in a full queue.',
        schema: z.string().optional(),
      },
    ],
    requestBody: jobSubmissionSchema,
    answers: [
      {
        status: 202,
        description: 'Accepted, or accepted before under this key and not ended yet (`Idempotent-Replayed: true`).',
        schema: jobSchema,
        headers: ['location', 'retry-after', 'retry-after-ms', 'idempotent-replayed'],
      },
      {
        status: 200,
        description: 'Submitted before under this key and ended since.',
        schema: jobSchema,
        headers: ['location', 'idempotent-replayed'],
      },
    ],
    refusals: [
      'invalid_request',
      'model_not_allowed',
      'model_not_found',
      'request_too_large',
      'idempotency_key_reused',
      'queue_full',
      'budget_exceeded',
    ],
  },
  {
    id: 'listJobs',
    method: 'get',
    path: '/jobs',
    tag: 'jobs',
    summary: "List the team's jobs, newest first",
    parameters: [
      {
        name: 'status',
        in: 'query',
        description: 'Only jobs in this status.',
        schema: z.enum(jobStatuses).optional(),
      },
      { name: 'limit', in: 'query', description: 'Most jobs of a page.', schema: z.int().min(1).max(100).default(20) },
      {
        name: 'after',
        in: 'query',
        description: '`last_id` of the page before.',
        schema: z.string().optional(),
      },
    ],
    answers: [{ status: 200, description: 'A page of jobs.', schema: jobListSchema }],
    refusals: ['invalid_request'],
  },
  {
    id: 'readJob',
    method: 'get',
    path: '/jobs/{id}',
    tag: 'jobs',
    summary: 'Read a job, or wait for its end',
    description: 'Until the job is terminal the answer says when to come back (`Retry-After`).',
    parameters: [
      id,
      {
        name: 'wait',
        in: 'query',
        description: 'Seconds to wait for its end; returns as soon as it ends.',
        schema: wait.default(0),
      },
    ],
    answers: [aJob('The job.')],
    refusals: ['invalid_request', 'not_found'],
  },
  {
    id: 'deleteJob',
    method: 'delete',
    path: '/jobs/{id}',
    tag: 'jobs',
    summary: 'Delete a job',
    description: 'Cancels it if need be and removes its content; what it cost stays on the accounts.',
    parameters: [id],
    answers: [{ status: 200, description: 'It is gone.', schema: deletedJobSchema }],
    refusals: ['not_found'],
  },
  {
    id: 'readJobEvents',
    method: 'get',
    path: '/jobs/{id}/events',
    tag: 'jobs',
    summary: "Read a job's trail, oldest first",
    parameters: [id],
    answers: [{ status: 200, description: 'At most 50 events.', schema: jobEventListSchema }],
    refusals: ['not_found'],
  },
  {
    id: 'cancelJob',
    method: 'post',
    path: '/jobs/{id}/cancel',
    tag: 'jobs',
    summary: 'Cancel a job',
    description:
      'A queued job is cancelled at once. A running one is still `running`, with `cancel_requested`, until its worker has aborted. A terminal one stays as it is.',
    parameters: [id],
    answers: [aJob('The job.')],
    refusals: ['not_found'],
  },
];
