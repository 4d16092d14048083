import { z } from 'zod';
import type { Endpoint } from '../jobs/job.ts';
import { checkServiceState } from './check-service-state.ts';
import { describeIssues, kindOf, type Problem } from './describe-issue.ts';
import { isJsonObject } from './parse-json.ts';

/** Most answers one request may ask for; the service's own limit is far higher, its cost is not. */
export const maxChoices = 16;

/** Most inputs of one embeddings request, as the service has it. */
export const maxEmbeddingInputs = 2048;

export interface RequestBodyRules {
  /** `limits.maxOutputTokens`: the largest output cap a caller may set. */
  readonly maxOutputTokens: number;
  /** Whether `stream` may be present: not for jobs. */
  readonly allowsStream: boolean;
}

/**
 * Checks what Weir itself relies on in a request body (model, prompt, output caps, n) and what would reach past the team;
 * everything else is the service's to judge. Paths start with `body`. The body is only looked at, never copied or changed.
 */
export function checkRequestBody(
  endpoint: Endpoint,
  body: Readonly<Record<string, unknown>>,
  rules: RequestBodyRules,
): readonly Problem[] {
  const parsed = schemas[endpoint](rules.maxOutputTokens).safeParse(body, { reportInput: true });
  const problems = parsed.success ? [] : describeIssues(parsed.error.issues, kindOf);
  return [
    ...problems.map(({ path, message }) => ({ path: `body.${path}`, message })),
    ...checkSwitches(body, rules),
    ...checkServiceState(endpoint, body),
  ];
}

function checkSwitches(body: Readonly<Record<string, unknown>>, rules: RequestBodyRules): readonly Problem[] {
  const problems: Problem[] = [];
  if (!rules.allowsStream && Object.hasOwn(body, 'stream')) {
    problems.push({ path: 'body.stream', message: 'is not allowed in a job; remove it, or call /openai/v1 to stream' });
  }
  if (!rules.allowsStream && body['background'] === true) {
    problems.push({ path: 'body.background', message: 'is not allowed in a job, which runs in the background itself' });
  }
  return problems;
}

const model = z.string().min(1, 'a model name is needed').max(256, 'at most 256 characters are allowed');

function outputCap(maxOutputTokens: number) {
  const message = (received: unknown) =>
    `received ${String(received)}, at most ${maxOutputTokens} (limits.maxOutputTokens) is allowed`;
  return z
    .int()
    .min(1)
    .max(maxOutputTokens, { error: (issue) => message(issue.input) })
    .nullish();
}

const schemas: Readonly<Record<Endpoint, (maxOutputTokens: number) => z.ZodType>> = {
  '/v1/chat/completions': (maxOutputTokens) =>
    z.object({
      model,
      messages: z.unknown().superRefine(checkMessages),
      max_tokens: outputCap(maxOutputTokens),
      max_completion_tokens: outputCap(maxOutputTokens),
      n: z.int().min(1).max(maxChoices).nullish(),
    }),
  '/v1/responses': (maxOutputTokens) =>
    z.object({
      model,
      input: z.unknown().superRefine((input, context) => {
        if (typeof input === 'string' ? input.length > 0 : Array.isArray(input) && input.length > 0) return;
        context.addIssue({ code: 'custom', message: 'only a text or a non-empty list of items is allowed', input });
      }),
      max_output_tokens: outputCap(maxOutputTokens),
    }),
  '/v1/embeddings': () =>
    z.object({
      model,
      input: z.unknown().superRefine((input, context) => {
        const problem = checkEmbeddingInput(input);
        if (problem !== null) context.addIssue({ code: 'custom', message: problem, input });
      }),
    }),
};

/** A body of a mebibyte holds a third of a million empty messages: naming the first few is enough. */
const namedMessages = 20;

function checkMessages(messages: unknown, context: z.core.$RefinementCtx): void {
  if (!Array.isArray(messages) || messages.length === 0) {
    context.addIssue({ code: 'custom', message: 'only a list of at least one message is allowed', input: messages });
    return;
  }
  let problems = 0;
  for (const [index, message] of messages.entries()) {
    const role = isJsonObject(message) ? message['role'] : null;
    if (typeof role === 'string' && role !== '') continue;
    const isObject = isJsonObject(message);
    context.addIssue({
      code: 'custom',
      message: isObject ? 'only a role such as "user" is allowed' : 'only an object with a role is allowed',
      input: isObject ? role : message,
      path: isObject ? [index, 'role'] : [index],
    });
    problems += 1;
    if (problems === namedMessages) return;
  }
}

function checkEmbeddingInput(input: unknown): string | null {
  if (typeof input === 'string') return input === '' ? 'a text is needed' : null;
  if (!Array.isArray(input) || input.length === 0)
    return 'only a text, or a non-empty list of texts or tokens, is allowed';
  if (input.every(isToken)) return null;
  if (input.length > maxEmbeddingInputs) {
    return `received ${input.length} inputs, at most ${maxEmbeddingInputs} are allowed`;
  }
  if (input.every((item) => typeof item === 'string'))
    return input.includes('') ? 'received an empty text in the list, only texts with characters are allowed' : null;
  const isTokenLists = input.every((item) => Array.isArray(item) && item.length > 0 && item.every(isToken));
  return isTokenLists ? null : 'only texts, or only tokens (whole numbers from 0), are allowed in the list';
}

function isToken(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
