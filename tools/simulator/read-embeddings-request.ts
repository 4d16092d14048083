import type { ReadResult } from './asked-answer.ts';
import { refuseField } from './asked-answer.ts';
import { checkInteger } from './check-field.ts';
import type { JsonObject } from './json-value.ts';
import type { ModelTraits } from './model-traits.ts';

/** What an embeddings request asks for; an input is text or a row of token numbers. */
export type EmbeddingsRequest = {
  inputs: (string | number[])[];
  dimensions: number;
  encoding: 'float' | 'base64';
};

const MOST_INPUTS = 2048;

/** Understands an embeddings body, or names the first field that is wrong. */
export function readEmbeddingsRequest(body: JsonObject, traits: ModelTraits): ReadResult<EmbeddingsRequest> {
  const input = body['input'];
  if (input === undefined || input === null) {
    return refuseField('input', "Missing required parameter: 'input'.", 'missing_required_parameter');
  }
  const inputs = listInputs(input);
  if (inputs === null || inputs.length === 0 || inputs.some((one) => one.length === 0)) {
    return refuseField(
      'input',
      "'$.input' is invalid: expected a non-empty string or an array of those.",
      'invalid_input',
    );
  }
  if (inputs.length > MOST_INPUTS) {
    return refuseField(
      'input',
      `'$.input' has ${inputs.length} items; at most ${MOST_INPUTS} are allowed.`,
      'invalid_input',
    );
  }
  const encoding = body['encoding_format'] ?? 'float';
  if (encoding !== 'float' && encoding !== 'base64') {
    return refuseField(
      'encoding_format',
      "Invalid value for 'encoding_format': 'float' and 'base64' are supported.",
      'invalid_value',
    );
  }
  const dimensions = checkInteger(body, 'dimensions', 1, traits.embeddingDimensions);
  if (!dimensions.ok) return dimensions;
  if (dimensions.request !== null && !traits.canShortenEmbeddings) {
    return refuseField('dimensions', 'This model does not support specifying dimensions.', 'unsupported_parameter');
  }
  return { ok: true, request: { inputs, encoding, dimensions: dimensions.request ?? traits.embeddingDimensions } };
}

function listInputs(input: unknown): (string | number[])[] | null {
  if (typeof input === 'string') return [input];
  if (isTokens(input)) return [input];
  if (!Array.isArray(input)) return null;
  const inputs: (string | number[])[] = [];
  for (const one of input) {
    if (typeof one !== 'string' && !isTokens(one)) return null;
    inputs.push(one);
  }
  return inputs;
}

function isTokens(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((token) => Number.isInteger(token) && token >= 0);
}
