import { z } from 'zod';
import { endpoints, lanes, terminalStatuses } from '../../jobs/job.ts';
import { isJobId } from '../../jobs/job-id.ts';
import { fallbackReason } from '../../routing/find-fallback.ts';
import { atSeconds, count, listOf, usdText, wholeSeconds } from './scalar-schemas.ts';

const jobId = z
  .string()
  .refine(isJobId)
  .meta({ pattern: '^job_[0-9]{13}[0-9a-f]{32}$', description: 'Sorts newest first.' });

const common = {
  id: jobId,
  object: z.literal('job'),
  endpoint: z.enum(endpoints),
  model: z.string(),
  priority: z.enum(lanes),
  created_at: wholeSeconds,
  deadline_at: wholeSeconds.describe('Unix seconds; past it nothing is sent any more.'),
  metadata: z.record(z.string(), z.string()),
  estimate: z
    .strictObject({
      input_tokens: count,
      output_tokens: count.describe('The most that one run may answer: `n` times the output cap.'),
      output_cap: count.nullable().describe('Tokens of one answer, as sent upstream; null for embeddings.'),
      output_cap_set_by: z
        .enum(['caller', 'weir'])
        .nullable()
        .describe(
          '`weir`: the request had no cap. An answer that a learnt cap cuts short is run once more with the largest one.',
        ),
      cost_usd: usdText,
    })
    .describe('Made at acceptance, for one run at the most it may answer.'),
};

/** Tokens as the model reported them, summed over all attempts. */
export const usageSchema = z.strictObject({
  input_tokens: count,
  cached_input_tokens: count.describe('Part of `input_tokens`.'),
  output_tokens: count,
  reasoning_tokens: count.describe('Part of `output_tokens`.'),
});

/** How an upstream call can end; `unknown`: it may have been processed and billed, nobody can tell. */
export const attemptOutcomes = ['succeeded', 'throttled', 'failed', 'refused', 'aborted', 'unknown'] as const;
const attemptOutcome = z
  .enum(attemptOutcomes)
  .describe('`unknown`: it may have been processed and billed, nobody can tell.');

const fallbackModel = z
  .string()
  .optional()
  .describe("The team's fallback model, when the call went to it instead of the model that was asked for.");

/** One upstream call of an ended job. */
export const attemptSchema = z.strictObject({
  number: z.int().min(1),
  deployment: z.string(),
  region: z.string(),
  status_code: z.int().nullable().describe('null: no answer came.'),
  started_at: atSeconds,
  latency_ms: z.number().min(0),
  outcome: attemptOutcome,
  model: fallbackModel,
});

/** A job that has not ended. */
export const jobInProgressSchema = z.strictObject({
  ...common,
  status: z.enum(['queued', 'running']),
  queue: z.strictObject({
    position: z.int().min(0).nullable().describe('1 for the next to go, 0 while it runs; null when nobody can tell.'),
    estimated_start_at: wholeSeconds.nullable(),
  }),
  cancel_requested: z.literal(true).optional().describe('Present once cancellation was asked for.'),
});

/** Why a job failed. */
export const jobErrorSchema = z.strictObject({ type: z.string(), code: z.string(), message: z.string() });

/** A job in its one terminal state. */
export const endedJobSchema = z.strictObject({
  ...common,
  status: z.enum(terminalStatuses),
  response: z
    .strictObject({
      status_code: z.int(),
      request_id: z.string().nullable().describe("The service's own id of the call."),
      body: z.unknown().describe('The answer as it came; text if it was no JSON; null once content is no longer kept.'),
    })
    .nullable()
    .describe('null when the service never answered.'),
  error: jobErrorSchema.nullable().describe('null unless the job failed.'),
  usage: usageSchema,
  cost: z.strictObject({
    usd: usdText,
    measured: z.boolean().describe('false when part of it is an estimate.'),
    price_id: z.string().nullable(),
    cache: z.enum(['exact', 'semantic', 'miss', 'bypass']),
  }),
  attempts: z.array(attemptSchema),
  fallback: z
    .strictObject({ model: z.string(), reason: z.literal(fallbackReason) })
    .optional()
    .describe(
      'Present when the last call went to another model than was asked for; only teams with a fallback have it.',
    ),
  started_at: wholeSeconds.nullable().describe('Start of the first attempt; null when none was made.'),
  finished_at: wholeSeconds,
});

/** A job at any moment. */
export const jobSchema = z.discriminatedUnion('status', [jobInProgressSchema, endedJobSchema]);

/** Answer of `GET /jobs`. */
export const jobListSchema = listOf(jobSchema);

/** Answer of `DELETE /jobs/{id}`. */
export const deletedJobSchema = z.strictObject({ id: jobId, object: z.literal('job'), deleted: z.literal(true) });

const event = { object: z.literal('job.event'), at: atSeconds };
const attemptNumber = z.int().min(0);

/** One step of a job's trail. */
export const jobEventSchema = z.discriminatedUnion('type', [
  z.strictObject({ ...event, type: z.enum(['accepted', 'resent', 'cancel_requested']) }),
  z.strictObject({
    ...event,
    type: z.literal('deferred'),
    reason: z.string().describe('Such as `line`, `tpm`, `rpm`, `team_tpm`, `breaker`, `paused`.'),
    until: atSeconds,
  }),
  z.strictObject({
    ...event,
    type: z.literal('claimed'),
    attempt: attemptNumber,
    deployment: z.string(),
    model: fallbackModel,
    why: z.string().describe('Why this deployment was chosen.'),
  }),
  z.strictObject({
    ...event,
    type: z.literal('attempt'),
    attempt: attemptNumber,
    deployment: z.string(),
    region: z.string(),
    model: fallbackModel,
    status_code: z.int().nullable(),
    latency_ms: z.number().min(0),
    outcome: attemptOutcome,
    reason: z.string().nullable(),
  }),
  z.strictObject({
    ...event,
    type: z.literal('rerun'),
    reason: z.literal('cap').describe("Weir's own output cap cut the answer short."),
    output_cap: count.describe('The larger cap of the second run.'),
  }),
  z.strictObject({ ...event, type: z.literal('rescued'), attempt: attemptNumber, reason: z.string() }),
  z.strictObject({ ...event, type: z.enum(terminalStatuses), reason: z.string().nullable() }),
]);

/** Answer of `GET /jobs/{id}/events`. */
export const jobEventListSchema = listOf(jobEventSchema);
