import type { Endpoint } from '../jobs/job.ts';
import type { Usage } from '../tokens/usage.ts';
import { jsonField } from './json-field.ts';

/**
 * Reads the usage an answer reports, by endpoint (reference/azure-openai.md §5.5). Null when it is missing or is not
 * what it says (negative, fractional, more cached than input): such an answer is accounted by estimate.
 */
export function readUsage(endpoint: Endpoint, body: unknown): Usage | null {
  const usage = jsonField(body, 'usage');
  if (endpoint === '/v1/responses') {
    return checkUsage({
      inputTokens: count(jsonField(usage, 'input_tokens')),
      cachedInputTokens: count(jsonField(jsonField(usage, 'input_tokens_details'), 'cached_tokens'), 0),
      outputTokens: count(jsonField(usage, 'output_tokens')),
      reasoningTokens: count(jsonField(jsonField(usage, 'output_tokens_details'), 'reasoning_tokens'), 0),
    });
  }
  return checkUsage({
    inputTokens: count(jsonField(usage, 'prompt_tokens')),
    cachedInputTokens: count(jsonField(jsonField(usage, 'prompt_tokens_details'), 'cached_tokens'), 0),
    outputTokens: count(jsonField(usage, 'completion_tokens'), endpoint === '/v1/embeddings' ? 0 : null),
    reasoningTokens: count(jsonField(jsonField(usage, 'completion_tokens_details'), 'reasoning_tokens'), 0),
  });
}

function count(value: unknown, whenAbsent: number | null = null): number | null {
  if (value === undefined || value === null) return whenAbsent;
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null;
}

function checkUsage(usage: { readonly [Name in keyof Usage]: number | null }): Usage | null {
  const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = usage;
  if (inputTokens === null || cachedInputTokens === null || outputTokens === null || reasoningTokens === null)
    return null;
  if (cachedInputTokens > inputTokens || reasoningTokens > outputTokens) return null;
  return { inputTokens, cachedInputTokens, outputTokens, reasoningTokens };
}
