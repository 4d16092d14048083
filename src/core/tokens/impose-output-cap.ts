import type { Endpoint } from '../jobs/job.ts';

/** Models of before `max_completion_tokens`: they refuse it. */
const oldModel = /^(gpt-3\.5|gpt-35|gpt-4($|-(?!o)))/;

/**
 * Puts Weir's output cap into the API's own field of a body whose caller set none, as a new body. Chat gets
 * `max_completion_tokens`: reasoning models refuse `max_tokens`, which is deprecated and does not cap reasoning; only gpt-4 and
 * gpt-3.5 know nothing else. Embeddings have no output and come back as they are.
 */
export function imposeOutputCap(
  endpoint: Endpoint,
  model: string,
  body: Readonly<Record<string, unknown>>,
  cap: number,
): Readonly<Record<string, unknown>> {
  switch (endpoint) {
    case '/v1/chat/completions':
      return { ...body, [oldModel.test(model) ? 'max_tokens' : 'max_completion_tokens']: cap };
    case '/v1/responses':
      return { ...body, max_output_tokens: cap };
    case '/v1/embeddings':
      return body;
  }
}
