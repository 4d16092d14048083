import { z } from 'zod';
import type { UsageDimension } from '../../cost/summarise-usage.ts';
import { endpoints, lanes } from '../../jobs/job.ts';
import { attemptOutcomes, usageSchema } from './job-schemas.ts';
import { atSeconds, count, listOf, usdText, wholeSeconds } from './scalar-schemas.ts';

const sums = {
  requests: count.describe('Upstream calls.'),
  ...usageSchema.shape,
  unknown_outcomes: count.describe('Calls that may have been billed; they are in the sums as estimated.'),
  cost_usd: usdText,
};

const group = z.string().nullable().optional();

/** Present when `group_by` names it; `day` is the UTC day of the call's end. */
const dimensions = {
  team: group,
  model: group,
  deployment: group,
  project: group,
  lane: group,
  day: group,
} satisfies Record<UsageDimension, z.ZodType>;

/** Sums of one group: the fields that `group_by` named, then the sums. */
export const usageGroupSchema = z.strictObject({ ...dimensions, ...sums });

/** One upstream call on the accounts. */
export const usageRowSchema = z.strictObject({
  id: z.string().describe('Names the call; `last_id` and `after` are such names.'),
  team: z.string(),
  job: z.string(),
  attempt: z.int().min(0),
  at: atSeconds,
  model: z.string(),
  endpoint: z.enum(endpoints),
  deployment: z.string(),
  region: z.string(),
  lane: z.enum(lanes),
  project: z.string().nullable().describe('`metadata.project` of the job.'),
  outcome: z.enum(attemptOutcomes),
  status_code: z.int().nullable(),
  error_code: z.string().nullable(),
  latency_ms: z.number().min(0),
  price_id: z.string().nullable(),
  measured: z.boolean(),
  cache: z.enum(['exact', 'semantic', 'miss', 'bypass']),
  ...sums,
});

/** Answer of `GET /usage`. */
export const usageListSchema = listOf(z.union([usageRowSchema, usageGroupSchema]));

/** Answer of `GET /metrics/summary`. */
export const metricsSummarySchema = z.strictObject({
  object: z.literal('metrics.summary'),
  requests: count.describe('Calls looked at.'),
  succeeded: count,
  throttled: count.describe('Calls that the service answered with 429.'),
  unknown_outcomes: count,
  success_rate: z.number().min(0).max(1).nullable(),
  average_latency_ms: z.number().min(0).nullable(),
  p50_latency_ms: z.number().min(0).nullable(),
  p95_latency_ms: z.number().min(0).nullable(),
  input_tokens: count,
  output_tokens: count,
  errors: z.record(z.string(), count).describe('Calls that did not succeed, by their code.'),
});

/** Answer of `GET /budgets/{team}`. */
export const budgetSchema = z.strictObject({
  object: z.literal('budget'),
  team: z.string(),
  period: z.string().describe('The running month, such as `2026-11`.'),
  time_zone: z.string(),
  resets_at: wholeSeconds,
  monthly_usd: usdText.nullable().describe('null: the team has no budget.'),
  hard: z.boolean().describe('Whether work that does not fit is refused.'),
  spent_usd: usdText,
  held_usd: usdText.describe('Kept free for jobs under way, at their upper bound.'),
  remaining_usd: usdText.nullable(),
});

/** One lane of `GET /queues`. */
export const queueSchema = z.strictObject({
  object: z.literal('queue'),
  lane: z.enum(lanes),
  queue_size: count.describe('Jobs that have not ended.'),
  queue_capacity: count,
  oldest_age_seconds: count.describe('Age of the oldest job that still waits.'),
  requests_last_minute: count,
  tokens_last_minute: count.describe("For operators as the service's limiter counts; for a team what its calls used."),
  rpm_remaining: z.number().min(0).describe('Of all models together.'),
  tpm_remaining: z.number().min(0).describe('Of all models together.'),
  models: z
    .array(z.strictObject({ model: z.string(), rpm_remaining: z.number().min(0), tpm_remaining: z.number().min(0) }))
    .describe(
      "What the lane may still send of each model now: on deployments that take calls and that it may use, within the team's own limit.",
    ),
  poison_messages_last_day: count.optional().describe('For operators only.'),
});

/** Answer of `GET /queues`. */
export const queueListSchema = listOf(queueSchema);

/** One deployment of `GET /deployments`. */
export const deploymentSchema = z.strictObject({
  object: z.literal('deployment'),
  name: z.string(),
  model: z.string(),
  region: z.string(),
  health: z.enum(['healthy', 'cooling', 'ejected', 'probing', 'paused']),
  breaker: z.strictObject({
    state: z.enum(['closed', 'open', 'half-open']),
    reason: z.string().nullable(),
    since: wholeSeconds.nullable(),
  }),
  next_probe_at: wholeSeconds.nullable(),
  load: z.number().min(0).describe('Booked share of the fullest minute that a call now would be part of.'),
  drift: z
    .strictObject({ calibration: z.number().min(0), throttled: count })
    .describe(
      "How far the service's counting is from Weir's: its charge ÷ the estimate, and 429s that no booking foresaw.",
    ),
  failovers: z.strictObject({ from: count, to: count }),
  latency: z.strictObject({
    first_byte_ms: z.number().min(0).nullable(),
    ms_per_output_token: z.number().min(0).nullable(),
  }),
  tokens_last_minute: z.number().min(0),
  requests_last_minute: z.number().min(0),
  tpm_limit: count,
  rpm_limit: count,
  tpm_remaining: z
    .number()
    .min(0)
    .describe('What a call now could have; less when more is booked for the next seconds.'),
  rpm_remaining: z.number().min(0),
});

/** Answer of `GET /deployments`. */
export const deploymentListSchema = listOf(deploymentSchema);

/** Answer of `GET /health`. */
export const healthSchema = z.strictObject({ status: z.enum(['ok', 'unavailable']) });
