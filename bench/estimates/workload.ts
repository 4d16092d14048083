import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadPrompts } from '../../tools/demo/load-prompts.ts';
import { drawTokens } from '../../tools/simulator/answer-length.ts';
import { createRandom, hashText, pick, type SeededRandom } from '../../tools/simulator/seeded-random.ts';

/** What a prompt is made of; each kind has its own ratio of characters to tokens. */
export const kinds = ['prose', 'cjk', 'code', 'json', 'tools'] as const;
export type Kind = (typeof kinds)[number];

/** One request without an output cap, and the length its answer would have if nothing cut it. */
export interface Request {
  readonly kind: Kind;
  readonly body: Readonly<Record<string, unknown>>;
  readonly answerTokens: number;
}

/** Answers of a few hundred tokens with a long tail, as chat workloads have them. */
const answerLength = { medianTokens: 180, sigma: 0.6 };

/** A library in the lockfile: code that is the same on every machine. */
const codeFile = fileURLToPath(new URL('../../node_modules/zod/v4/core/schemas.js', import.meta.url));

/** The same requests for the same seed: kinds in turn, texts and answer lengths drawn. */
export function makeRequests(seed: number, count: number): readonly Request[] {
  const random = createRandom(hashText('estimates', String(seed)));
  const texts = loadPrompts().flatMap((prompt) =>
    prompt.endpoint === '/v1/chat/completions' ? [{ language: prompt.language, messages: prompt.messages }] : [],
  );
  const isCjk = (language: string) => language === 'zh' || language === 'ja';
  const prose = texts.filter(({ language }) => !isCjk(language)).map(({ messages }) => messages);
  const cjk = texts.filter(({ language }) => isCjk(language)).map(({ messages }) => messages);
  const code = readFileSync(codeFile, 'utf8');
  return Array.from({ length: count }, (_, index) => {
    const kind = kinds[index % kinds.length] ?? 'prose';
    const answerTokens = drawTokens(answerLength, random);
    return { kind, answerTokens, body: { model: 'gpt-4.1-mini', ...bodyOf(kind, random, { prose, cjk, code }) } };
  });
}

function bodyOf(
  kind: Kind,
  random: SeededRandom,
  from: { prose: readonly unknown[]; cjk: readonly unknown[]; code: string },
): Record<string, unknown> {
  const ask = (task: string, text: string) => ({ messages: [{ role: 'user', content: `${task}\n\n${text}` }] });
  switch (kind) {
    case 'prose':
      return { messages: drawFrom(random, from.prose) };
    case 'cjk':
      return { messages: drawFrom(random, from.cjk) };
    case 'code':
      return ask('Review this.', sliceOf(from.code, random, 400, 4000));
    case 'json':
      return ask('Which of these orders are late?', JSON.stringify(drawOrders(random), null, random() < 0.5 ? 2 : 0));
    case 'tools':
      return { messages: drawFrom(random, from.prose), tools: drawTools(random) };
  }
}

function drawFrom(random: SeededRandom, list: readonly unknown[]): unknown {
  return list[Math.floor(random() * list.length)];
}

function sliceOf(text: string, random: SeededRandom, least: number, most: number): string {
  const length = least + Math.floor(random() * (most - least));
  const start = Math.floor(random() * (text.length - length));
  return text.slice(start, start + length);
}

function drawOrders(random: SeededRandom): readonly unknown[] {
  const whole = (below: number) => Math.floor(random() * below);
  return Array.from({ length: 5 + whole(25) }, () => ({
    orderId: `${whole(16 ** 6).toString(16)}-${whole(16 ** 8).toString(16)}`,
    placedAt: new Date(1_790_000_000_000 - whole(86_400_000)).toISOString(),
    status: pick(random, ['paid', 'packed', 'shipped', 'returned']),
    lines: Array.from({ length: 1 + whole(3) }, () => ({ sku: `SKU-${whole(90_000)}`, quantity: 1 + whole(9) })),
    total: Math.round(random() * 50_000) / 100,
  }));
}

function drawTools(random: SeededRandom): readonly unknown[] {
  const names = ['find_order', 'book_visit', 'read_meter', 'send_letter'] as const;
  return Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) => ({
    type: 'function',
    function: {
      name: `${pick(random, names)}_${index}`,
      description: 'Looks the customer up by number and returns what is on file, newest first.',
      parameters: {
        type: 'object',
        properties: { customer: { type: 'string' }, since: { type: 'string', format: 'date' } },
        required: ['customer'],
      },
    },
  }));
}
