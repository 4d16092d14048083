import type { AskedAnswer, ReadResult } from './asked-answer.ts';
import { refuseField } from './asked-answer.ts';
import { checkBoolean, checkInteger, checkNumber } from './check-field.ts';
import type { JsonObject } from './json-value.ts';
import { isJsonObject, readList, readObject, readString } from './json-value.ts';
import { readForcedTool, readFormat } from './read-format.ts';
import { readMessages } from './read-messages.ts';

/** A responses request: what decides its answer, and what is the responses API's own. */
export type ResponsesRequest = {
  asked: AskedAnswer;
  background: boolean;
  store: boolean;
  previousResponseId: string | null;
};

const LEAST_OUTPUT_TOKENS = 16;

/** Understands a responses body, or names the first field that is wrong. */
export function readResponsesRequest(body: JsonObject): ReadResult<ResponsesRequest> {
  const input = body['input'];
  const messages = readMessages(
    typeof input === 'string' ? [{ role: 'user', content: input }] : toMessages(input),
    'input',
  );
  if (!messages.ok) return messages;
  const maxOutputTokens = checkInteger(body, 'max_output_tokens', LEAST_OUTPUT_TOKENS);
  if (!maxOutputTokens.ok) return maxOutputTokens;
  const temperature = checkNumber(body, 'temperature', 0, 2);
  if (!temperature.ok) return temperature;
  const stream = checkBoolean(body, 'stream');
  if (!stream.ok) return stream;
  const background = checkBoolean(body, 'background');
  if (!background.ok) return background;
  if (background.request && body['store'] === false) {
    return refuseField('background', "Background mode requires 'store' to be true.");
  }
  const tools = readList(body, 'tools');
  const before = (readString(body, 'instructions') ?? '') + (tools.length > 0 ? JSON.stringify(tools) : '');
  return {
    ok: true,
    request: {
      background: background.request,
      store: body['store'] !== false,
      previousResponseId: readString(body, 'previous_response_id') ?? null,
      asked: {
        ...messages.request,
        promptText: before + messages.request.promptText,
        promptCharacters: before.length + messages.request.promptCharacters,
        choices: 1,
        maxOutputTokens: maxOutputTokens.request,
        stream: stream.request,
        includeUsage: true,
        format:
          readForcedTool(body['tool_choice'], tools) ??
          readFormat(readObject(readObject(body, 'text') ?? {}, 'format')),
        reasoningEffort: readString(readObject(body, 'reasoning') ?? {}, 'effort') ?? 'medium',
      },
    },
  };
}

// Items that are no messages (calls, their results, reasoning) count by their JSON.
function toMessages(input: unknown): unknown {
  if (!Array.isArray(input)) return input;
  return input.map((item) => {
    if (!isJsonObject(item) || 'role' in item) return item;
    return { role: 'tool', content: JSON.stringify(item) };
  });
}
