import { z } from 'zod';
import { errorTypes } from '../error-response.ts';
import type { ErrorCode } from '../weir-error.ts';

/** What a caller must know of a refusal. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly when: string;
  readonly advice: string;
  /** Headers beside those of every answer. */
  readonly headers: readonly RefusalHeader[];
}

/** Headers that only refusals carry, or that a job's answers share with them. */
export type RefusalHeader =
  | 'retry-after'
  | 'retry-after-ms'
  | 'x-should-retry'
  | 'x-weir-budget-reset'
  | 'www-authenticate';

/** Every refusal of the gateway, in the order of its status. */
export const refusals: readonly Refusal[] = [
  {
    code: 'invalid_request',
    when: 'The request breaks the schema, or no deployment could ever take it.',
    advice: 'Correct the field that `param` names.',
    headers: [],
  },
  {
    code: 'invalid_api_key',
    when: 'No credential, a wrong one, or two that differ.',
    advice: 'Send a valid key or token.',
    headers: ['www-authenticate'],
  },
  {
    code: 'model_not_allowed',
    when: 'The team may not use this model.',
    advice: 'Use one that the message names, or ask the platform team.',
    headers: [],
  },
  {
    code: 'forbidden',
    when: 'The identity is verified but belongs to no team, to several, or lacks the role.',
    advice: 'Ask the platform team.',
    headers: [],
  },
  { code: 'not_found', when: "It does not exist, or is another team's.", advice: 'Check the id.', headers: [] },
  {
    code: 'model_not_found',
    when: 'No pool serves this model.',
    advice: 'Use one that the message names.',
    headers: [],
  },
  {
    code: 'request_too_large',
    when: 'The body is larger than `limits.maxBodyBytes`.',
    advice: 'Send less, or split the work.',
    headers: [],
  },
  {
    code: 'idempotency_key_reused',
    when: 'The `Idempotency-Key` was used with another request.',
    advice: 'Use a new key for a new request.',
    headers: [],
  },
  {
    code: 'rate_limit_exceeded',
    when: "The team's own tokens or requests per minute are used up.",
    advice: 'Come back after `Retry-After`.',
    headers: ['retry-after', 'retry-after-ms'],
  },
  {
    code: 'queue_full',
    when: 'Lane or team hold as many jobs as they may, or the job would start past its deadline.',
    advice: 'Come back after `Retry-After`, or wait for a place with `Prefer: wait=30`.',
    headers: ['retry-after', 'retry-after-ms'],
  },
  {
    code: 'budget_exceeded',
    when: "What the job may cost does not fit the team's hard budget.",
    advice: 'Ask for less output, wait for jobs to end, or ask the platform team. Do not retry.',
    headers: ['x-should-retry', 'x-weir-budget-reset'],
  },
  {
    code: 'internal_error',
    when: 'Something went wrong inside the gateway.',
    advice: 'Try again; name the `x-request-id` when you ask.',
    headers: ['retry-after', 'retry-after-ms'],
  },
  {
    code: 'upstream_error',
    when: 'Attempts are spent without a usable answer.',
    advice: 'Submit it again later.',
    headers: ['x-should-retry'],
  },
  {
    code: 'no_healthy_deployment',
    when: 'No deployment of the model takes calls now.',
    advice: 'Come back after `Retry-After`.',
    headers: ['retry-after', 'retry-after-ms'],
  },
  {
    code: 'storage_unavailable',
    when: "The gateway's storage does not answer; nothing accepted is lost.",
    advice: 'Come back after `Retry-After`.',
    headers: ['retry-after', 'retry-after-ms'],
  },
  {
    code: 'identity_unavailable',
    when: "The token cannot be checked now: its issuer's signing keys cannot be had.",
    advice: 'Come back after `Retry-After`, with the same token.',
    headers: ['retry-after', 'retry-after-ms'],
  },
  {
    code: 'upstream_timeout',
    when: 'Attempts are spent without an answer in time.',
    advice: 'Ask for less, or submit it again later.',
    headers: ['x-should-retry'],
  },
];

/** OpenAI's shape of an error, as every refusal has it. */
export const errorSchema = z.strictObject({
  error: z.strictObject({
    message: z
      .string()
      .describe('What was received, what is allowed, what to do. Never repeats content or credentials.'),
    type: z.enum([...new Set(Object.values(errorTypes))]),
    code: z.enum(refusals.map((refusal) => refusal.code)),
    param: z.string().nullable().describe('The field at fault, such as `body.messages`; null when none is.'),
  }),
});
