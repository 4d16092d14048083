import type { AskedAnswer, ReadResult } from './asked-answer.ts';
import { refuseField } from './asked-answer.ts';
import { checkBoolean, checkInteger, checkNumber } from './check-field.ts';
import type { JsonObject } from './json-value.ts';
import { readList, readObject, readString } from './json-value.ts';
import { readForcedTool, readFormat } from './read-format.ts';
import { readMessages } from './read-messages.ts';

/** Understands a chat completions body, or names the first field that is wrong; a model that `reasons` refuses `max_tokens`. */
export function readChatRequest(body: JsonObject, reasons: boolean): ReadResult<AskedAnswer> {
  const messages = readMessages(body['messages'], 'messages');
  if (!messages.ok) return messages;
  const maxTokens = checkInteger(body, 'max_tokens', 1);
  if (!maxTokens.ok) return maxTokens;
  if (reasons && maxTokens.request !== null) {
    const message =
      "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.";
    return refuseField('max_tokens', message, 'unsupported_parameter');
  }
  const maxCompletionTokens = checkInteger(body, 'max_completion_tokens', 1);
  if (!maxCompletionTokens.ok) return maxCompletionTokens;
  const choices = checkInteger(body, 'n', 1, 128);
  if (!choices.ok) return choices;
  const temperature = checkNumber(body, 'temperature', 0, 2);
  if (!temperature.ok) return temperature;
  const stream = checkBoolean(body, 'stream');
  if (!stream.ok) return stream;
  const streamOptions = readObject(body, 'stream_options');
  if (streamOptions && !stream.request) {
    return refuseField('stream_options', "The 'stream_options' parameter is only allowed when 'stream' is enabled.");
  }
  const tools = readList(body, 'tools');
  const toolText = tools.length > 0 ? JSON.stringify(tools) : '';
  return {
    ok: true,
    request: {
      ...messages.request,
      promptText: toolText + messages.request.promptText,
      promptCharacters: toolText.length + messages.request.promptCharacters,
      choices: choices.request ?? 1,
      maxOutputTokens: maxCompletionTokens.request ?? maxTokens.request,
      stream: stream.request,
      includeUsage: streamOptions?.['include_usage'] === true,
      format: readForcedTool(body['tool_choice'], tools) ?? readFormat(readObject(body, 'response_format')),
      reasoningEffort: readString(body, 'reasoning_effort') ?? 'medium',
    },
  };
}
