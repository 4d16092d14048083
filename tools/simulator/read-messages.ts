import type { ReadResult } from './asked-answer.ts';
import { refuseField } from './asked-answer.ts';
import { isJsonObject, readList, readString } from './json-value.ts';
import { readContent } from './read-content.ts';

/** A conversation, reduced to its text and sizes. */
export type ReadMessages = {
  promptText: string;
  topicText: string;
  /** Characters of the texts alone: observed, a 28-character prompt costs 8 tokens whatever surrounds it. */
  promptCharacters: number;
  messageTokens: number;
  imageTokens: number;
};

const ROLES = new Set(['system', 'developer', 'user', 'assistant', 'tool', 'function']);
// Three per message besides its role and text, three for the start of the reply.
const TOKENS_PER_MESSAGE = 3;
const TOKENS_PER_REPLY = 3;

/** Understands a list of messages, or names the first that is wrong; `field` is the list's name in the body. */
export function readMessages(messages: unknown, field: string): ReadResult<ReadMessages> {
  if (messages === undefined || messages === null) {
    return refuseField(field, `Missing required parameter: '${field}'.`, 'missing_required_parameter');
  }
  if (!Array.isArray(messages)) {
    return refuseField(field, `Invalid type for '${field}': expected an array of objects.`, 'invalid_type');
  }
  if (messages.length === 0) {
    return refuseField(
      field,
      `Invalid '${field}': empty array. Expected an array with at least 1 item.`,
      'empty_array',
    );
  }
  const read: ReadMessages = {
    promptText: '',
    topicText: '',
    promptCharacters: 0,
    messageTokens: TOKENS_PER_REPLY + messages.length * TOKENS_PER_MESSAGE,
    imageTokens: 0,
  };
  const texts: string[] = [];
  for (const [index, message] of messages.entries()) {
    const at = `${field}[${index}]`;
    if (!isJsonObject(message)) return refuseField(at, `Invalid type for '${at}': expected an object.`, 'invalid_type');
    const role = readString(message, 'role') ?? '';
    if (!ROLES.has(role)) {
      const allowed = [...ROLES].map((name) => `'${name}'`).join(', ');
      return refuseField(
        `${at}.role`,
        `Invalid value for '${at}.role'. Supported values are: ${allowed}.`,
        'invalid_value',
      );
    }
    const content = readContent(message['content']);
    if (content === null || (role !== 'assistant' && (message['content'] ?? null) === null)) {
      const problem = `Invalid type for '${at}.content': expected a string or an array of content parts.`;
      return refuseField(`${at}.content`, problem, 'invalid_type');
    }
    const calls = readList(message, 'tool_calls');
    const own = [readString(message, 'name') ?? '', content.text, calls.length > 0 ? JSON.stringify(calls) : ''];
    texts.push(role, ...own.filter((text) => text !== ''));
    read.promptCharacters += own.reduce((sum, text) => sum + text.length, 0);
    read.imageTokens += content.imageTokens;
    if (role === 'user') read.topicText = content.text;
  }
  read.promptText = texts.join('\n');
  if (read.topicText === '') read.topicText = read.promptText;
  return { ok: true, request: read };
}
