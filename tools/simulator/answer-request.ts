import { estimateChat, estimateEmbeddings, OBSERVED_CHAT_RULE, OBSERVED_GPT_35_RULE } from './admission-estimate.ts';
import type { AskedAnswer, ReadResult, RequestProblem } from './asked-answer.ts';
import type { AnswerFacts } from './chat-wire.ts';
import { deliverChat, finishMs } from './chat-wire.ts';
import type { Choice } from './compose-answer.ts';
import { composeAnswer } from './compose-answer.ts';
import type { Tokenizer } from './count-tokens.ts';
import type { Delivery } from './delivery.ts';
import { deliverJson } from './delivery.ts';
import { deliverEmbeddings } from './embeddings-wire.ts';
import type { JsonObject } from './json-value.ts';
import { drawLatency } from './latency.ts';
import type { ModelTraits } from './model-traits.ts';
import { readModelTraits } from './model-traits.ts';
import { readCachedTokens } from './prompt-cache.ts';
import { readChatRequest } from './read-chat-request.ts';
import type { EmbeddingsRequest } from './read-embeddings-request.ts';
import { readEmbeddingsRequest } from './read-embeddings-request.ts';
import type { ResponsesRequest } from './read-responses-request.ts';
import { readResponsesRequest } from './read-responses-request.ts';
import { deliverResponse, responsesBody } from './responses-wire.ts';
import { hashText } from './seeded-random.ts';
import type { SimulatedDeployment, Simulation } from './simulation.ts';
import { readStoredResponse, storeResponse } from './stored-responses.ts';
import type { SimulatedUsage } from './usage.ts';

/** The three operations that cost quota. */
export type BilledApi = 'chat' | 'embeddings' | 'responses';

/** A body that was understood, by operation. */
export type UnderstoodRequest =
  | { api: 'chat'; asked: AskedAnswer }
  | { api: 'responses'; asked: AskedAnswer; own: ResponsesRequest }
  | { api: 'embeddings'; request: EmbeddingsRequest };

/** An answer, what it is billed, or the reason why the model refused the input's length. */
export type Answered =
  | { ok: true; delivery: Delivery; usage: SimulatedUsage }
  | { ok: false; problem: RequestProblem; usage: SimulatedUsage };

/** Understands a body of the given operation, or names the first field that is wrong. */
export function understandRequest(
  api: BilledApi,
  body: JsonObject,
  simulation: Simulation,
  model: string,
): ReadResult<UnderstoodRequest> {
  const traits = readModelTraits(model);
  switch (api) {
    case 'chat': {
      const read = readChatRequest(body, traits.reasons);
      return read.ok ? { ok: true, request: { api, asked: read.request } } : read;
    }
    case 'embeddings': {
      const read = readEmbeddingsRequest(body, traits);
      return read.ok ? { ok: true, request: { api, request: read.request } } : read;
    }
    case 'responses': {
      const read = readResponsesRequest(body);
      if (!read.ok) return read;
      const { asked, previousResponseId } = read.request;
      if (previousResponseId === null) return { ok: true, request: { api, asked, own: read.request } };
      const previous = simulation.responses.get(previousResponseId);
      if (!previous) {
        const message = `Previous response with id '${previousResponseId}' not found.`;
        return { ok: false, problem: { message, param: 'previous_response_id', code: 'previous_response_not_found' } };
      }
      const promptText = `${previous.promptText}\n${asked.promptText}`;
      const promptCharacters = asked.promptCharacters + previous.promptText.length;
      return { ok: true, request: { api, asked: { ...asked, promptText, promptCharacters }, own: read.request } };
    }
  }
}

/** What the limiter will charge for a request. */
export function estimateRequest(understood: UnderstoodRequest, simulation: Simulation, model: string): number {
  if (understood.api === 'embeddings') {
    return estimateEmbeddings(understood.request.inputs, OBSERVED_CHAT_RULE.charactersPerToken);
  }
  const { asked } = understood;
  const input = { ...asked, promptTokensGiven: asked.imageTokens };
  if (readModelTraits(model).ignoresPromptAtAdmission) return estimateChat(input, OBSERVED_GPT_35_RULE);
  return estimateChat(input, { ...OBSERVED_CHAT_RULE, outputTokensWhenUnset: simulation.outputTokensWhenUnset });
}

/** Answers an admitted request. `body` is the request as it came; `number` tells requests apart. */
export async function answerRequest(
  understood: UnderstoodRequest,
  context: {
    simulation: Simulation;
    deployment: SimulatedDeployment;
    body: JsonObject;
    number: number;
    headers: { [name: string]: string };
  },
): Promise<Answered> {
  const tokenizer = await context.simulation.loadTokenizer();
  const traits = readModelTraits(context.deployment.spec.model);
  if (understood.api === 'embeddings') return answerEmbeddings(understood.request, context, traits, tokenizer);
  return answerInWords(understood, context, traits, tokenizer);
}

type Context = Parameters<typeof answerRequest>[1];

function answerInWords(
  understood: Extract<UnderstoodRequest, { asked: AskedAnswer }>,
  context: Context,
  traits: ModelTraits,
  tokenizer: Tokenizer,
): Answered {
  const { simulation, deployment } = context;
  const { asked } = understood;
  const tokens = tokenizer.encode(asked.promptText);
  const promptTokens = tokens.length + asked.messageTokens + asked.imageTokens;
  if (promptTokens > traits.contextTokens) return refuseLength('messages', promptTokens, traits);
  const choices = composeAnswer(asked, {
    model: deployment.spec.model,
    reasons: traits.reasons,
    seed: simulation.seed,
    length: simulation.length,
    tokenizer,
  });
  const usage = {
    promptTokens,
    cachedTokens: readCachedTokens(deployment.cache, tokens, simulation.clock.now()),
    completionTokens: choices.reduce((sum, choice) => sum + choice.outputTokens, 0),
    reasoningTokens: choices.reduce((sum, choice) => sum + choice.reasoningTokens, 0),
  };
  const [first] = choices;
  if (understood.api === 'responses' && first) {
    return {
      ok: true,
      usage,
      delivery: answerResponse(understood.own, first, factsOf(context, usage, 'resp_'), context),
    };
  }
  return { ok: true, usage, delivery: deliverChat(asked, choices, factsOf(context, usage, 'chatcmpl-')) };
}

function answerResponse(own: ResponsesRequest, choice: Choice, facts: AnswerFacts, context: Context): Delivery {
  const { simulation, deployment } = context;
  const body = responsesBody(choice, facts, context.body);
  const nowMs = simulation.clock.now();
  const readyAtMs = nowMs + finishMs(facts.latency, choice.outputTokens);
  const stored = {
    resource: deployment.spec.resource,
    body,
    promptText: own.asked.promptText,
    isBackground: own.background,
    startsAtMs: nowMs + facts.latency.firstTokenMs / 2,
    readyAtMs,
    isCancelled: false,
  };
  if (own.store) storeResponse(simulation.responses, facts.id, stored);
  if (!own.background || own.asked.stream) return deliverResponse(own.asked, choice, facts, body);
  return deliverJson(
    200,
    facts.headers,
    readStoredResponse({ ...stored, startsAtMs: nowMs + 1, readyAtMs: nowMs + 1 }, nowMs),
  );
}

function answerEmbeddings(
  request: EmbeddingsRequest,
  context: Context,
  traits: ModelTraits,
  tokenizer: Tokenizer,
): Answered {
  const counts = request.inputs.map((input) => (typeof input === 'string' ? tokenizer.count(input) : input.length));
  const longest = Math.max(...counts);
  if (longest > traits.contextTokens) return refuseLength('input', longest, traits);
  const promptTokens = counts.reduce((sum, count) => sum + count, 0);
  const usage = { promptTokens, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
  return { ok: true, usage, delivery: deliverEmbeddings(request, factsOf(context, usage, 'embd-')) };
}

function factsOf(context: Context, usage: SimulatedUsage, prefix: string): AnswerFacts {
  const { simulation, deployment, number } = context;
  const drawn = drawLatency(simulation.latency, simulation.seed, number);
  return {
    id:
      prefix +
      hashText(prefix, String(simulation.seed), String(number)).toString(36) +
      number.toString(36).padStart(12, '0'),
    createdSeconds: Math.floor(simulation.clock.now() / 1000),
    model: deployment.spec.model,
    headers: context.headers,
    latency: drawn,
    usage,
  };
}

function refuseLength(param: string, tokens: number, traits: ModelTraits): Answered {
  const message = `This model's maximum context length is ${traits.contextTokens} tokens. However, your input resulted in ${tokens} tokens. Please reduce the length of the ${param}.`;
  const usage = { promptTokens: tokens, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
  return { ok: false, usage, problem: { message, param, code: 'context_length_exceeded' } };
}
