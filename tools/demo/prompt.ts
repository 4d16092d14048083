import { z } from 'zod';

const promptId = z.string().regex(/^[a-z]{2}-[a-z0-9-]+$/);
const described = { id: promptId, language: z.string().length(2), task: z.string().min(1) };
const text = z.string().min(1);

const promptSchema = z.discriminatedUnion('endpoint', [
  z.strictObject({
    ...described,
    endpoint: z.literal('/v1/chat/completions'),
    messages: z.array(z.strictObject({ role: z.enum(['system', 'user']), content: text })).min(1),
    max_tokens: z.int().positive(),
    response_format: z.literal('json_object').optional(),
  }),
  z.strictObject({
    ...described,
    endpoint: z.literal('/v1/responses'),
    input: text,
    max_tokens: z.int().positive(),
  }),
  z.strictObject({
    ...described,
    endpoint: z.literal('/v1/embeddings'),
    input: z.union([text, z.array(text).min(2)]),
  }),
]);

/** One piece of real-life work: a line of `prompts/<language>.jsonl`. Embeddings have no `max_tokens`: they answer no text. */
export type Prompt = z.output<typeof promptSchema>;

/** Reads JSON Lines (empty lines are skipped); throws an Error that names the file and the line of the first bad one. */
export function parsePrompts(name: string, lines: string): Prompt[] {
  return lines.split('\n').flatMap((line, index) => {
    if (line.trim() === '') return [];
    const prompt = promptSchema.safeParse(parseLine(name, index, line));
    if (!prompt.success) throw new Error(`${name}, line ${index + 1}: ${z.prettifyError(prompt.error)}`);
    return [prompt.data];
  });
}

function parseLine(name: string, index: number, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw new Error(`${name}, line ${index + 1}: not JSON.`, { cause });
  }
}

/** All the text a person wrote for this prompt, its parts separated by a line break. */
export function promptText(prompt: Prompt): string {
  if (prompt.endpoint === '/v1/chat/completions') return prompt.messages.map((message) => message.content).join('\n');
  return typeof prompt.input === 'string' ? prompt.input : prompt.input.join('\n');
}
