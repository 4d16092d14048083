import { z } from 'zod';
import { jobStatuses, lanes, terminalStatuses } from '../../src/core/jobs/job.ts';

const attemptSchema = z.object({
  number: z.int(),
  deployment: z.string(),
  region: z.string(),
  status_code: z.int().nullable(),
  started_at: z.number(),
  latency_ms: z.number(),
  outcome: z.string(),
});

const jobSchema = z.object({
  id: z.string(),
  status: z.enum(jobStatuses),
  priority: z.enum(lanes),
  queue: z.object({ position: z.number().nullable(), estimated_start_at: z.number().nullable() }).optional(),
  error: z.object({ code: z.string().nullable(), message: z.string() }).nullish(),
  usage: z.object({ input_tokens: z.int(), output_tokens: z.int() }).optional(),
  cost: z.object({ usd: z.string().regex(/^\d+\.\d{6}$/) }).optional(),
  attempts: z.array(attemptSchema).default([]),
});

/** A job as `GET /jobs/{id}` tells it, as far as the demo needs it. */
export type JobReading = z.output<typeof jobSchema>;
export type AttemptReading = z.output<typeof attemptSchema>;

const listSchema = z.object({
  data: z.array(z.object({ id: z.string(), created_at: z.number(), metadata: z.record(z.string(), z.string()) })),
  has_more: z.boolean(),
  last_id: z.string().nullable(),
});

const usageRowSchema = z.object({
  job: z.string(),
  attempt: z.int(),
  project: z.string().nullable(),
  input_tokens: z.int(),
  output_tokens: z.int(),
});

const usageSchema = z.object({ data: z.array(usageRowSchema), has_more: z.boolean() });

const trailSchema = z.object({ data: z.array(z.object({ type: z.string(), at: z.number() })) });

/** One usage row of `GET /usage`: one upstream call as the accounts see it. */
export type UsageReading = z.output<typeof usageRowSchema>;

/** Reads an answer of the jobs routes; throws an Error that names what is missing when Weir broke its contract. */
export function readJob(body: unknown): JobReading {
  return read('a job', jobSchema, body);
}

/** Reads a page of `GET /jobs`. */
export function readJobList(body: unknown): z.output<typeof listSchema> {
  return read('a list of jobs', listSchema, body);
}

/** Reads a page of `GET /usage` without `group_by`. */
export function readUsageList(body: unknown): z.output<typeof usageSchema> {
  return read('a list of usage rows', usageSchema, body);
}

/** Times of a job's events in ms, by the service's clock: what `GET /jobs/{id}/events` says of acceptance and end; null when it does not say. */
export function readMilestones(body: unknown): {
  readonly acceptedAtMs: number | null;
  readonly endedAtMs: number | null;
} {
  const { data } = read('a trail', trailSchema, body);
  const accepted = data.find((event) => event.type === 'accepted');
  const ended = data.find((event) => terminalStatuses.some((status) => status === event.type));
  return {
    acceptedAtMs: accepted === undefined ? null : accepted.at * 1000,
    endedAtMs: ended === undefined ? null : ended.at * 1000,
  };
}

/** Whether the job has ended and will never change again. */
export function isTerminal(job: JobReading): boolean {
  return terminalStatuses.some((status) => status === job.status);
}

function read<T>(what: string, schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Error(`Weir answered with something that is not ${what}: ${z.prettifyError(parsed.error)}`);
}
