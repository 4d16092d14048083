import type { JsonObject } from './json-value.ts';

/** The shape an answer must have: free text, some JSON object, JSON that fits a schema, or a call of a named tool. */
export type AnswerFormat =
  | { kind: 'text' }
  | { kind: 'json' }
  | { kind: 'schema'; schema: JsonObject }
  | { kind: 'tool'; name: string; parameters: JsonObject };

/** A chat completion or a response, reduced to what decides its answer, its charge and its bill. */
export type AskedAnswer = {
  /** Everything the model reads, in order; counted as prompt. */
  promptText: string;
  /** What the user asked last: the answer is about this. */
  topicText: string;
  promptCharacters: number;
  messageTokens: number;
  imageTokens: number;
  choices: number;
  maxOutputTokens: number | null;
  stream: boolean;
  includeUsage: boolean;
  format: AnswerFormat;
  reasoningEffort: string;
};

/** Why a body was refused, in the terms of OpenAI's 400. */
export type RequestProblem = { message: string; param: string | null; code: string | null };

/** A body that was understood, or the first thing wrong with it. */
export type ReadResult<T> = { ok: true; request: T } | { ok: false; problem: RequestProblem };

/** A refusal of one field. */
export function refuseField(
  param: string,
  message: string,
  code: string | null = null,
): { ok: false; problem: RequestProblem } {
  return { ok: false, problem: { message, param, code } };
}
