import type { AnswerFormat } from './asked-answer.ts';
import type { JsonObject } from './json-value.ts';
import { isJsonObject, readObject, readString } from './json-value.ts';

/** Reads `response_format` (chat) or `text.format` (responses): both name a type and perhaps a schema. */
export function readFormat(format: JsonObject | undefined): AnswerFormat {
  const type = format ? readString(format, 'type') : undefined;
  if (!format || (type !== 'json_object' && type !== 'json_schema')) return { kind: 'text' };
  const schema = readObject(readObject(format, 'json_schema') ?? format, 'schema');
  return type === 'json_schema' && schema ? { kind: 'schema', schema } : { kind: 'json' };
}

/** The tool that `tool_choice` forces: by name, or the first one for "required"; null when the model may answer in words. */
export function readForcedTool(choice: unknown, tools: readonly unknown[]): AnswerFormat | null {
  const wanted = isJsonObject(choice) ? readString(readObject(choice, 'function') ?? choice, 'name') : undefined;
  if (choice !== 'required' && wanted === undefined) return null;
  for (const tool of tools) {
    if (!isJsonObject(tool)) continue;
    const definition = readObject(tool, 'function') ?? tool;
    const name = readString(definition, 'name');
    if (name === undefined || (wanted !== undefined && name !== wanted)) continue;
    return { kind: 'tool', name, parameters: readObject(definition, 'parameters') ?? {} };
  }
  return null;
}
