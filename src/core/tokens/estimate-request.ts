import { isJsonObject } from '../http/parse-json.ts';
import type { Endpoint } from '../jobs/job.ts';
import { boundCounting } from './bound-counting.ts';
import type { Estimate } from './estimate.ts';
import {
  addSizes,
  type Measure,
  measureContent,
  measureJson,
  measureText,
  type PromptSize,
  sizeOfTokens,
} from './measure-prompt.ts';
import type { CountTokens } from './token-counter.ts';

type Body = Readonly<Record<string, unknown>>;

export interface EstimateRequest {
  readonly endpoint: Endpoint;
  /** A body that passed `checkRequestBody`. */
  readonly body: Body;
  readonly model: string;
  readonly countTokens: CountTokens;
  /** `limits.maxOutputTokens`: imposed where the caller sets no cap and none is learnt. */
  readonly maxOutputTokens: number;
  /** What earlier answers of the team say is enough; null or absent: not learnt yet. */
  readonly learnedOutputCap?: number | null;
}

/** Around each message: its frame and its role. */
const tokensPerMessage = 4;
/** The answer's opening. */
const tokensOfPriming = 3;

/** Estimates what a request takes (reference/azure-openai.md §6.4): never less than nothing, never by reading base64 as text. */
export function estimateRequest(request: EstimateRequest): Estimate {
  const measure: Measure = { model: request.model, countTokens: boundCounting(request.countTokens) };
  const prompt = measurePrompt(request.endpoint, request.body, measure);
  const cap = request.endpoint === '/v1/embeddings' ? 0 : largestCap(request.body);
  const { maxOutputTokens } = request;
  const imposed = cap === null ? Math.min(request.learnedOutputCap ?? maxOutputTokens, maxOutputTokens) : null;
  const choices = countChoices(request);
  return {
    inputTokens: prompt.tokens,
    outputTokens: choices * (cap ?? imposed ?? 0),
    promptCharacters: prompt.characters,
    imposedOutputCap: imposed,
    rerunOutputCap: imposed !== null && imposed < maxOutputTokens ? maxOutputTokens : null,
    choices,
  };
}

function measurePrompt(endpoint: Endpoint, body: Body, measure: Measure): PromptSize {
  switch (endpoint) {
    case '/v1/chat/completions':
      return addSizes([
        ...listOf(body['messages']).map((message) => measureMessage(message, measure)),
        ...['tools', 'functions', 'response_format'].map((field) => measureJson(body[field])),
        { tokens: tokensOfPriming, characters: 0 },
      ]);
    case '/v1/responses':
      return addSizes([
        ...itemsOf(body['input']).map((item) => measureMessage(item, measure)),
        ...(typeof body['instructions'] === 'string'
          ? [measureMessage({ role: 'system', content: body['instructions'] }, measure)]
          : []),
        ...['tools', 'text'].map((field) => measureJson(body[field])),
        { tokens: tokensOfPriming, characters: 0 },
      ]);
    case '/v1/embeddings':
      return measureEmbeddingInput(body['input'], measure);
  }
}

/** A chat message or an item of responses: frame, name, content, and whatever else it carries (calls, outputs) as JSON. */
function measureMessage(message: unknown, measure: Measure): PromptSize {
  if (!isJsonObject(message)) return measureJson(message);
  const { role: _role, type: _type, id: _id, content, name, output, ...rest } = message;
  return addSizes([
    { tokens: tokensPerMessage, characters: 0 },
    ...(typeof name === 'string' ? [{ tokens: 1, characters: 0 }, measureText(name, measure)] : []),
    measureContent(content, measure),
    measureContent(output, measure),
    ...Object.values(rest).map((value) => measureJson(value)),
  ]);
}

/** A text, a list of texts, a list of tokens, or a list of such lists; the limiter rounds each text up to whole tokens. */
function measureEmbeddingInput(input: unknown, measure: Measure): PromptSize {
  if (typeof input === 'string') {
    const { tokens, characters } = measureText(input, measure);
    return { tokens, characters: 4 * Math.ceil(characters / 4) };
  }
  if (typeof input === 'number') return sizeOfTokens(1);
  return addSizes(listOf(input).map((item) => measureEmbeddingInput(item, measure)));
}

function itemsOf(input: unknown): readonly unknown[] {
  return typeof input === 'string' ? [{ role: 'user', content: input }] : listOf(input);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Both fields of chat and that of responses: the service obeys one of them, the larger is safe. Null: the caller set none. */
function largestCap(body: Body): number | null {
  const caps = [body['max_tokens'], body['max_completion_tokens'], body['max_output_tokens']];
  const set = caps.filter((cap) => typeof cap === 'number');
  return set.length === 0 ? null : Math.max(...set);
}

function countChoices({ endpoint, body }: EstimateRequest): number {
  const choices = body['n'];
  return endpoint === '/v1/chat/completions' && typeof choices === 'number' ? choices : 1;
}
