import type { AskedAnswer } from './asked-answer.ts';
import type { Choice } from './compose-answer.ts';
import type { Delivery, Frame } from './delivery.ts';
import { deliverEvents, deliverJson } from './delivery.ts';
import type { Latency } from './latency.ts';
import { splitText } from './split-text.ts';
import type { SimulatedUsage } from './usage.ts';

/** What an answer needs besides its text to go over the wire. */
export type AnswerFacts = {
  id: string;
  createdSeconds: number;
  model: string;
  headers: { [name: string]: string };
  latency: Latency;
  usage: SimulatedUsage;
};

const FILTERS = Object.fromEntries(
  ['hate', 'self_harm', 'sexual', 'violence'].map((name) => [name, { filtered: false, severity: 'safe' }]),
);
// About what one flush of the service carries; long answers get larger pieces.
const TOKENS_PER_EVENT = 4;
const MOST_EVENTS = 400;

/** The delivery of a chat completion, as one JSON body or as events that end with [DONE]. */
export function deliverChat(asked: AskedAnswer, choices: Choice[], facts: AnswerFacts): Delivery {
  if (asked.stream) return deliverEvents(facts.headers, chatFrames(asked, choices, facts));
  const longest = Math.max(...choices.map((choice) => choice.outputTokens));
  return deliverJson(200, facts.headers, chatBody(choices, facts), finishMs(facts.latency, longest));
}

/** When the given number of tokens has been written. */
export function finishMs(latency: Latency, tokens: number): number {
  return latency.firstTokenMs + latency.tokenMs * Math.max(0, tokens - 1);
}

/** How many events carry an answer of that many tokens. */
export function eventCount(tokens: number): number {
  return Math.min(MOST_EVENTS, Math.max(1, Math.ceil(tokens / TOKENS_PER_EVENT)));
}

function chatBody(choices: Choice[], facts: AnswerFacts): unknown {
  return {
    id: facts.id,
    object: 'chat.completion',
    created: facts.createdSeconds,
    model: facts.model,
    system_fingerprint: 'fp_simulated',
    choices: choices.map((choice, index) => ({
      index,
      message: { role: 'assistant', refusal: null, ...wireMessage(choice, facts.id, index) },
      finish_reason: choice.finishReason,
      logprobs: null,
      content_filter_results: FILTERS,
    })),
    prompt_filter_results: [{ prompt_index: 0, content_filter_results: FILTERS }],
    usage: wireUsage(facts.usage),
  };
}

function wireMessage(choice: Choice, id: string, index: number): { [name: string]: unknown } {
  if (choice.tool === null) return { content: choice.text, annotations: [] };
  const call = { id: `call_${id.slice(-12)}${index}`, type: 'function' };
  return { content: null, tool_calls: [{ ...call, function: { name: choice.tool, arguments: choice.text } }] };
}

function wireUsage(usage: SimulatedUsage): unknown {
  return {
    prompt_tokens: usage.promptTokens,
    completion_tokens: usage.completionTokens,
    total_tokens: usage.promptTokens + usage.completionTokens,
    prompt_tokens_details: { cached_tokens: usage.cachedTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

function chatFrames(asked: AskedAnswer, choices: Choice[], facts: AnswerFacts): Frame[] {
  const base = {
    id: facts.id,
    object: 'chat.completion.chunk',
    created: facts.createdSeconds,
    model: facts.model,
    system_fingerprint: 'fp_simulated',
    ...(asked.includeUsage ? { usage: null } : {}),
  };
  const event = (fields: object) => `data: ${JSON.stringify({ ...base, ...fields })}\n\n`;
  const { firstTokenMs } = facts.latency;
  // Azure opens with an event without choices that carries the filter's judgement of the prompt.
  const filter = { choices: [], prompt_filter_results: [{ prompt_index: 0, content_filter_results: FILTERS }] };
  const frames: Frame[] = [{ dueMs: firstTokenMs, data: event({ ...filter, id: '', model: '' }) }];
  for (const [index, choice] of choices.entries()) frames.push(...choiceFrames(choice, index, facts, event));
  frames.sort((one, other) => one.dueMs - other.dueMs);
  const lastMs = frames.at(-1)?.dueMs ?? firstTokenMs;
  if (asked.includeUsage) frames.push({ dueMs: lastMs, data: event({ choices: [], usage: wireUsage(facts.usage) }) });
  frames.push({ dueMs: lastMs, data: 'data: [DONE]\n\n' });
  return frames;
}

function choiceFrames(choice: Choice, index: number, facts: AnswerFacts, event: (fields: object) => string): Frame[] {
  const delta = (value: object, finish: string | null = null) =>
    event({
      choices: [
        { index, delta: value, finish_reason: finish, logprobs: null, content_filter_results: finish ? {} : FILTERS },
      ],
    });
  const callId = `call_${facts.id.slice(-12)}${index}`;
  const opening =
    choice.tool === null
      ? { role: 'assistant', content: '', refusal: null }
      : {
          role: 'assistant',
          content: null,
          tool_calls: [{ index: 0, id: callId, type: 'function', function: { name: choice.tool, arguments: '' } }],
        };
  const frames: Frame[] = [{ dueMs: finishMs(facts.latency, choice.reasoningTokens + 1), data: delta(opening) }];
  const visible = choice.outputTokens - choice.reasoningTokens;
  for (const piece of splitText(choice.text, visible, eventCount(visible))) {
    const value =
      choice.tool === null
        ? { content: piece.text }
        : { tool_calls: [{ index: 0, function: { arguments: piece.text } }] };
    frames.push({ dueMs: finishMs(facts.latency, choice.reasoningTokens + piece.tokensSoFar), data: delta(value) });
  }
  frames.push({ dueMs: finishMs(facts.latency, choice.outputTokens), data: delta({}, choice.finishReason) });
  return frames;
}
