import { z } from 'zod';
import { type Endpoint, endpoints, type Lane, lanes } from '../jobs/job.ts';
import { canonicalJson } from './canonical-json.ts';
import { checkRequestBody } from './check-request-body.ts';
import { describeIssues, formatPath, kindOf, type Problem, unknownField } from './describe-issue.ts';
import { parseIdempotencyKey, parsePrefer } from './parse-headers.ts';
import { isJsonObject } from './parse-json.ts';
import { readJsonBody } from './read-body.ts';
import { namedProblems, refusalOf } from './refusal-of.ts';
import { WeirError } from './weir-error.ts';

/** What `POST /jobs` asks for, checked, defaults applied. */
export interface JobSubmission {
  readonly endpoint: Endpoint;
  /** The request body as the caller sent it: not copied, not changed. */
  readonly body: Readonly<Record<string, unknown>>;
  readonly model: string;
  readonly lane: Lane;
  readonly deadlineSeconds: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly idempotencyKey: string | null;
  /** How long to wait for a place in a full queue, 0 to 30. */
  readonly waitSeconds: number;
}

export interface SubmissionRequest {
  readonly bytes: Uint8Array;
  /** Header `Idempotency-Key`; null when absent. */
  readonly idempotencyKey: string | null;
  /** Header `Prefer`; null when absent. */
  readonly prefer: string | null;
}

export interface SubmissionLimits {
  readonly maxBodyBytes: number;
  readonly maxOutputTokens: number;
}

export type SubmissionReading =
  | { readonly outcome: 'accepted'; readonly submission: JobSubmission }
  | { readonly outcome: 'refused'; readonly error: WeirError };

/** Most pairs of `metadata`. */
const maxPairs = 16;

/** The five fields of `POST /jobs` (design §4.2); unknown ones are refused. */
export const jobSubmissionSchema = z.strictObject({
  endpoint: z.enum(endpoints),
  body: z.custom<Readonly<Record<string, unknown>>>(isJsonObject, 'only an object is allowed').meta({ type: 'object' }),
  priority: z.enum(lanes).default('standard'),
  deadline_seconds: z.int().min(1).max(86_400).default(3600),
  metadata: z
    .record(z.string(), z.string().max(512, 'values of at most 512 characters are allowed'))
    .default({})
    .superRefine((pairs, context) => {
      for (const message of checkMetadata(pairs)) context.addIssue({ code: 'custom', message });
    }),
});

/** Reads `POST /jobs`: every problem in one 400 whose `param` is the first one's path. */
export function parseJobSubmission(request: SubmissionRequest, limits: SubmissionLimits): SubmissionReading {
  const idempotencyKey = parseIdempotencyKey(request.idempotencyKey);
  if (idempotencyKey instanceof WeirError) return { outcome: 'refused', error: idempotencyKey };
  const preferences = parsePrefer(request.prefer);
  if (preferences instanceof WeirError) return { outcome: 'refused', error: preferences };
  const document = readJsonBody(request.bytes, limits.maxBodyBytes);
  if (document instanceof WeirError) return { outcome: 'refused', error: document };

  const { fields, problems: outside, unnamed } = setApart(document);
  const parsed = jobSubmissionSchema.safeParse(fields, { reportInput: true });
  const problems = [
    ...outside,
    ...(parsed.success ? [] : describeIssues(parsed.error.issues, showField)),
    ...checkInnerBody(document, limits),
  ];
  if (!parsed.success || problems.length > 0) return { outcome: 'refused', error: refusalOf(problems, unnamed) };

  const { endpoint, body, priority, deadline_seconds, metadata } = parsed.data;
  const model = body['model'];
  return {
    outcome: 'accepted',
    submission: {
      endpoint,
      body,
      model: typeof model === 'string' ? model : '',
      lane: priority,
      deadlineSeconds: deadline_seconds,
      metadata,
      idempotencyKey,
      waitSeconds: preferences.waitSeconds,
    },
  };
}

/** Text whose digest tells whether two submissions are the same: canonical JSON of the five fields, defaults applied. */
export function canonicalSubmission(submission: JobSubmission): string {
  return canonicalJson({
    endpoint: submission.endpoint,
    body: submission.body,
    priority: submission.lane,
    deadline_seconds: submission.deadlineSeconds,
    metadata: submission.metadata,
  });
}

/**
 * Sets apart what the schema must not see: a body of a mebibyte can hold many thousands of unknown fields or pairs, and
 * the schema would take seconds to complain about each.
 */
function setApart(document: Readonly<Record<string, unknown>>): {
  readonly fields: Readonly<Record<string, unknown>>;
  readonly problems: readonly Problem[];
  readonly unnamed: number;
} {
  const known = Object.keys(jobSubmissionSchema.shape).filter((name) => Object.hasOwn(document, name));
  const unknown = Object.keys(document).filter((name) => !known.includes(name));
  const fields = Object.fromEntries(known.map((name) => [name, document[name]]));
  const problems = unknown.slice(0, namedProblems).map((name) => ({ path: formatPath([name]), message: unknownField }));
  const unnamed = Math.max(0, unknown.length - namedProblems);
  const pairs = isJsonObject(fields['metadata']) ? Object.keys(fields['metadata']).length : 0;
  if (pairs <= maxPairs) return { fields, problems, unnamed };
  problems.push({ path: 'metadata', message: `received ${pairs} pairs, at most ${maxPairs} are allowed` });
  return { fields: { ...fields, metadata: {} }, problems, unnamed };
}

function checkInnerBody(document: Readonly<Record<string, unknown>>, limits: SubmissionLimits): readonly Problem[] {
  const endpoint = endpoints.find((known) => known === document['endpoint']);
  const body = document['body'];
  if (endpoint === undefined || !isJsonObject(body)) return [];
  return checkRequestBody(endpoint, body, { maxOutputTokens: limits.maxOutputTokens, allowsStream: false });
}

function checkMetadata(pairs: Readonly<Record<string, string>>): readonly string[] {
  const keys = Object.keys(pairs);
  const problems: string[] = [];
  if (keys.some((key) => key === '' || key.length > 64)) problems.push('only keys of 1 to 64 characters are allowed');
  if (Object.entries(pairs).some((pair) => pair.some((text) => !isPrintable(text)))) {
    problems.push('only well-formed text without control characters is allowed');
  }
  return problems;
}

/** Metadata ends up in reports and exports: half characters and control characters would break their readers. */
function isPrintable(text: string): boolean {
  return text.isWellFormed() && !/\p{Cc}/u.test(text);
}

function showField(value: unknown, path: readonly PropertyKey[]): string {
  const isOption = path[0] === 'endpoint' || path[0] === 'priority';
  return isOption && typeof value === 'string' ? JSON.stringify(value.slice(0, 60)) : kindOf(value);
}
