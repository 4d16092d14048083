import type { AskedAnswer } from './asked-answer.ts';
import type { AnswerFacts } from './chat-wire.ts';
import { eventCount, finishMs } from './chat-wire.ts';
import type { Choice } from './compose-answer.ts';
import type { Delivery, Frame } from './delivery.ts';
import { deliverEvents, deliverJson } from './delivery.ts';
import type { JsonObject } from './json-value.ts';
import { isJsonObject, readList, readObject, readString } from './json-value.ts';
import { splitText } from './split-text.ts';

/** The finished body of a response. */
export function responsesBody(choice: Choice, facts: AnswerFacts, request: JsonObject): JsonObject {
  const isCut = choice.finishReason === 'length';
  return {
    id: facts.id,
    object: 'response',
    created_at: facts.createdSeconds,
    status: isCut ? 'incomplete' : 'completed',
    background: request['background'] === true,
    error: null,
    incomplete_details: isCut ? { reason: 'max_output_tokens' } : null,
    instructions: readString(request, 'instructions') ?? null,
    max_output_tokens: request['max_output_tokens'] ?? null,
    metadata: readObject(request, 'metadata') ?? {},
    model: facts.model,
    output: outputItems(choice, facts.id, isCut),
    parallel_tool_calls: true,
    previous_response_id: readString(request, 'previous_response_id') ?? null,
    reasoning: { effort: readString(readObject(request, 'reasoning') ?? {}, 'effort') ?? null, summary: null },
    store: request['store'] !== false,
    temperature: request['temperature'] ?? 1,
    text: readObject(request, 'text') ?? { format: { type: 'text' } },
    tool_choice: request['tool_choice'] ?? 'auto',
    tools: readList(request, 'tools'),
    top_p: request['top_p'] ?? 1,
    truncation: 'disabled',
    usage: wireUsage(facts),
  };
}

/** The delivery of a response, as one JSON body or as the API's events. */
export function deliverResponse(asked: AskedAnswer, choice: Choice, facts: AnswerFacts, body: JsonObject): Delivery {
  if (asked.stream) return deliverEvents(facts.headers, responseFrames(choice, facts, body));
  return deliverJson(200, facts.headers, body, finishMs(facts.latency, choice.outputTokens));
}

function wireUsage({ usage }: AnswerFacts): JsonObject {
  return {
    input_tokens: usage.promptTokens,
    input_tokens_details: { cached_tokens: usage.cachedTokens },
    output_tokens: usage.completionTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.promptTokens + usage.completionTokens,
  };
}

function outputItems(choice: Choice, id: string, isCut: boolean): JsonObject[] {
  const suffix = id.slice('resp_'.length);
  const status = isCut ? 'incomplete' : 'completed';
  const items: JsonObject[] = [];
  if (choice.reasoningTokens > 0) items.push({ id: `rs_${suffix}`, type: 'reasoning', summary: [] });
  if (choice.tool !== null) {
    const call = { type: 'function_call', call_id: `call_${suffix}`, name: choice.tool, arguments: choice.text };
    return [...items, { id: `fc_${suffix}`, ...call, status }];
  }
  const content = [{ type: 'output_text', text: choice.text, annotations: [], logprobs: [] }];
  return [...items, { id: `msg_${suffix}`, type: 'message', role: 'assistant', status, content }];
}

function responseFrames(choice: Choice, facts: AnswerFacts, body: JsonObject): Frame[] {
  const frames: Frame[] = [];
  const send = (dueMs: number, type: string, fields: JsonObject) => {
    const event = { type, sequence_number: frames.length, ...fields };
    frames.push({ dueMs, data: `event: ${type}\ndata: ${JSON.stringify(event)}\n\n` });
  };
  const { firstTokenMs } = facts.latency;
  const started = { ...body, status: 'in_progress', output: [], usage: null, incomplete_details: null };
  send(0, 'response.created', { response: started });
  send(0, 'response.in_progress', { response: started });
  const lastMs = finishMs(facts.latency, choice.outputTokens);
  for (const [index, item] of readList(body, 'output').filter(isJsonObject).entries()) {
    const opened =
      'content' in item ? { ...item, content: [] } : 'arguments' in item ? { ...item, arguments: '' } : item;
    send(firstTokenMs, 'response.output_item.added', {
      output_index: index,
      item: { ...opened, status: 'in_progress' },
    });
    if (item['type'] === 'message') sendText(item, index, choice, facts, send);
    if (item['type'] === 'function_call') sendArguments(item, index, choice, facts, send);
    send(item['type'] === 'reasoning' ? firstTokenMs : lastMs, 'response.output_item.done', {
      output_index: index,
      item,
    });
  }
  const isCut = choice.finishReason === 'length';
  send(lastMs, isCut ? 'response.incomplete' : 'response.completed', { response: body });
  return frames;
}

type Send = (dueMs: number, type: string, fields: JsonObject) => void;

function sendText(item: JsonObject, index: number, choice: Choice, facts: AnswerFacts, send: Send): void {
  const at = { item_id: item['id'], output_index: index, content_index: 0 };
  const [part] = readList(item, 'content');
  const startMs = finishMs(facts.latency, choice.reasoningTokens + 1);
  const empty = { type: 'output_text', text: '', annotations: [], logprobs: [] };
  send(startMs, 'response.content_part.added', { ...at, part: empty });
  sendPieces(choice, facts, (dueMs, delta) =>
    send(dueMs, 'response.output_text.delta', { ...at, delta, logprobs: [] }),
  );
  const lastMs = finishMs(facts.latency, choice.outputTokens);
  send(lastMs, 'response.output_text.done', { ...at, text: choice.text, logprobs: [] });
  send(lastMs, 'response.content_part.done', { ...at, part });
}

function sendArguments(item: JsonObject, index: number, choice: Choice, facts: AnswerFacts, send: Send): void {
  const at = { item_id: item['id'], output_index: index };
  sendPieces(choice, facts, (dueMs, delta) => send(dueMs, 'response.function_call_arguments.delta', { ...at, delta }));
  const lastMs = finishMs(facts.latency, choice.outputTokens);
  send(lastMs, 'response.function_call_arguments.done', { ...at, name: item['name'], arguments: choice.text });
}

function sendPieces(choice: Choice, facts: AnswerFacts, send: (dueMs: number, text: string) => void): void {
  const visible = choice.outputTokens - choice.reasoningTokens;
  for (const piece of splitText(choice.text, visible, eventCount(visible))) {
    send(finishMs(facts.latency, choice.reasoningTokens + piece.tokensSoFar), piece.text);
  }
}
