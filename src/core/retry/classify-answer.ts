import type { Endpoint } from '../jobs/job.ts';
import type { Billing, Classification } from './classification.ts';
import { jsonField, jsonList, jsonText } from './json-field.ts';
import { readUsage } from './read-usage.ts';
import { upstreamError } from './upstream-errors.ts';

type Reading =
  | { readonly isAnswer: true; readonly finishReasons: readonly string[] }
  | { readonly isAnswer: false; readonly reason: 'answer_error' | 'answer_malformed' };

const malformed: Reading = { isAnswer: false, reason: 'answer_malformed' };

/**
 * Judges a 200 by what is in it: no choices, another shape or an error object is no success, though it may cost. If such
 * an answer reports usage it is billed by that; otherwise nobody can tell and its outcome is unknown.
 */
export function classifyAnswer(endpoint: Endpoint, statusCode: number, body: unknown): Classification {
  const usage = readUsage(endpoint, body);
  const billing: Billing = usage === null ? { kind: 'estimated', part: 'all' } : { kind: 'measured', usage };
  const base = { statusCode, billing, throttle: null, hint: null, coolDownMs: null, notice: null, spilloverFrom: null };
  const reading = readAnswer(endpoint, body);
  if (reading.isAnswer) {
    const { finishReasons } = reading;
    return {
      ...base,
      verdict: 'succeeded',
      outcome: 'succeeded',
      reason: null,
      health: 'good',
      finishReasons,
      error: null,
    };
  }
  return {
    ...base,
    verdict: 'unknown-outcome',
    outcome: usage === null ? 'unknown' : 'failed',
    reason: reading.reason,
    health: 'bad',
    finishReasons: [],
    error: upstreamError(reading.reason),
  };
}

function readAnswer(endpoint: Endpoint, body: unknown): Reading {
  const error = jsonField(body, 'error');
  if (error !== undefined && error !== null) return { isAnswer: false, reason: 'answer_error' };
  switch (endpoint) {
    case '/v1/chat/completions':
      return readChat(jsonList(body, 'choices'));
    case '/v1/responses':
      return readResponse(body);
    case '/v1/embeddings':
      return readEmbeddings(jsonList(body, 'data'));
  }
}

function readChat(choices: readonly unknown[] | null): Reading {
  if (choices === null || choices.length === 0) return malformed;
  const isChoice = (choice: unknown) => {
    const message = jsonField(choice, 'message');
    return typeof message === 'object' && message !== null;
  };
  if (!choices.every(isChoice)) return malformed;
  return { isAnswer: true, finishReasons: choices.flatMap((choice) => jsonText(choice, 'finish_reason') ?? []) };
}

function readResponse(body: unknown): Reading {
  const status = jsonText(body, 'status');
  const output = jsonList(body, 'output');
  if (status === 'failed') return { isAnswer: false, reason: 'answer_error' };
  // `incomplete` is an answer that a limit or the content filter cut short; it may have no output at all.
  if (status === 'incomplete' && output !== null) {
    return {
      isAnswer: true,
      finishReasons: [jsonText(jsonField(body, 'incomplete_details'), 'reason') ?? 'incomplete'],
    };
  }
  return status === 'completed' && output !== null && output.length > 0
    ? { isAnswer: true, finishReasons: ['completed'] }
    : malformed;
}

function readEmbeddings(data: readonly unknown[] | null): Reading {
  if (data === null || data.length === 0) return malformed;
  const isEmbedding = (entry: unknown) => {
    const embedding = jsonField(entry, 'embedding');
    // A list of numbers, or base64 text when the caller asked for that.
    return Array.isArray(embedding) ? embedding.length > 0 : typeof embedding === 'string' && embedding !== '';
  };
  return data.every(isEmbedding) ? { isAnswer: true, finishReasons: [] } : malformed;
}
