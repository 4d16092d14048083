import type { z } from 'zod';
import type { ErrorCode } from '../weir-error.ts';

/** A parameter in path, query or header; its schema is what the route's parser takes. */
export interface OperationParameter {
  readonly name: string;
  readonly in: 'path' | 'query' | 'header';
  readonly description: string;
  readonly schema: z.ZodType;
}

/** Headers that answers carry beside those of every answer and of refusals. */
export type AnswerHeader = 'location' | 'retry-after' | 'retry-after-ms' | 'idempotent-replayed';

/** An answer that is no refusal. */
export interface OperationAnswer {
  readonly status: number;
  readonly description: string;
  /** Null for any JSON object. */
  readonly schema: z.ZodType | null;
  readonly headers?: readonly AnswerHeader[];
}

/** One route of the running app as callers see it; `id` is the name of the function that serves it. */
export interface Operation {
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** With parameters in braces: `/jobs/{id}`. */
  readonly path: string;
  readonly tag: 'jobs' | 'figures' | 'service';
  readonly summary: string;
  readonly description?: string;
  /** Whether it answers without a credential. */
  readonly isAnonymous?: boolean;
  readonly parameters: readonly OperationParameter[];
  readonly requestBody?: z.ZodType;
  readonly answers: readonly OperationAnswer[];
  /** Codes beside those of every authenticated route. */
  readonly refusals: readonly ErrorCode[];
}

/** What every authenticated route may refuse with. */
export const refusalsOfAll: readonly ErrorCode[] = [
  'invalid_api_key',
  'forbidden',
  'internal_error',
  'storage_unavailable',
  'identity_unavailable',
];
