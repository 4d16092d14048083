import { beforeAll, describe, expect, it } from 'vitest';
import type { AskedAnswer } from '../../../../tools/simulator/asked-answer.ts';
import { composeAnswer } from '../../../../tools/simulator/compose-answer.ts';
import type { Tokenizer } from '../../../../tools/simulator/count-tokens.ts';
import { loadTokenizer } from '../../../../tools/simulator/count-tokens.ts';

const PRINTER = 'The printer on floor three jams when duplex printing is on. Summarise in 60 words.';

let tokenizer: Tokenizer;
beforeAll(async () => {
  tokenizer = await loadTokenizer();
});

function ask(fields: Partial<AskedAnswer> = {}): AskedAnswer {
  const promptText = fields.topicText ?? PRINTER;
  return {
    promptText,
    topicText: promptText,
    promptCharacters: promptText.length,
    messageTokens: 7,
    imageTokens: 0,
    choices: 1,
    maxOutputTokens: null,
    stream: false,
    includeUsage: false,
    format: { kind: 'text' },
    reasoningEffort: 'medium',
    ...fields,
  };
}

function compose(asked: AskedAnswer, fields: { seed?: number; reasons?: boolean } = {}) {
  const length = { medianTokens: 180, sigma: 0.5 };
  return composeAnswer(asked, { model: 'gpt-4.1-mini', reasons: false, seed: 1, length, tokenizer, ...fields });
}

describe('an answer in words', () => {
  it('is the same for the same request and seed, and another for another', () => {
    expect(compose(ask())).toEqual(compose(ask()));
    expect(compose(ask(), { seed: 2 })).not.toEqual(compose(ask()));
    expect(compose(ask({ topicText: `${PRINTER}!` }))).not.toEqual(compose(ask()));
  });

  it('speaks of what the prompt speaks of, in sentences', () => {
    const [choice] = compose(ask());
    const words = ['printer', 'floor', 'jams', 'duplex', 'printing'].filter((word) =>
      choice!.text.toLowerCase().includes(word),
    );
    expect(words.length).toBeGreaterThanOrEqual(3);
    expect(choice!.text.match(/[.?] [A-Z]/gu)!.length).toBeGreaterThanOrEqual(2);
  });

  it('has about the length that the prompt asks for', () => {
    for (const wanted of [30, 120, 1000]) {
      const [choice] = compose(ask({ topicText: `Explain the export of invoices in ${wanted} tokens` }));
      expect(choice!.outputTokens).toBeGreaterThan(wanted * 0.7);
      expect(choice!.outputTokens).toBeLessThan(wanted * 1.3);
    }
  });

  it('never exceeds the maximum and says so', () => {
    for (const maxOutputTokens of [1, 2, 17, 40]) {
      const [choice] = compose(ask({ maxOutputTokens }));
      expect(choice).toMatchObject({ finishReason: 'length', outputTokens: maxOutputTokens });
      expect(tokenizer.count(choice!.text)).toBeLessThanOrEqual(maxOutputTokens);
    }
  });

  it('can be 200 KB long', () => {
    const [choice] = compose(ask({ topicText: 'Write 210 KB about printers', maxOutputTokens: 100_000 }));
    expect(Buffer.byteLength(choice!.text)).toBeGreaterThan(200 * 1024);
    expect(choice!.finishReason).toBe('stop');
  });

  it('differs between the choices of one request', () => {
    const texts = compose(ask({ choices: 3 })).map((choice) => choice.text);
    expect(new Set(texts).size).toBe(3);
  });

  it('is in the language of the prompt where phrases exist for it', () => {
    expect(compose(ask({ topicText: 'Wie kann ich die Rechnung für den Mai prüfen?' }))[0]!.text).toMatch(
      /\b(?:ist|sich|die|geht)\b/u,
    );
    expect(compose(ask({ topicText: '発注書の納期を変更したいです' }))[0]!.text).toMatch(/[\u3040-\u309f]/u);
  });

  it('is written even when the prompt has no words', () => {
    expect(compose(ask({ topicText: '12 / 7 = ?' }))[0]!.text.length).toBeGreaterThan(10);
  });
});

describe('reasoning', () => {
  it('counts as output and is cut with it', () => {
    const [free] = compose(ask(), { reasons: true });
    expect(free!.reasoningTokens).toBeGreaterThan(0);
    expect(free!.outputTokens).toBe(free!.reasoningTokens + tokenizer.count(free!.text));
    const [cut] = compose(ask({ maxOutputTokens: 10 }), { reasons: true });
    expect(cut).toMatchObject({ text: '', outputTokens: 10, reasoningTokens: 10, finishReason: 'length' });
  });
});

describe('an answer in JSON', () => {
  it('fits a schema', () => {
    const schema = {
      type: 'object',
      required: ['kind', 'lines'],
      properties: {
        kind: { enum: ['invoice', 'offer'] },
        total: { type: 'number', minimum: 5, maximum: 9 },
        count: { type: 'integer', exclusiveMinimum: 2, maximum: 4 },
        paid: { type: 'boolean' },
        note: { type: ['string', 'null'], maxLength: 9 },
        due: { type: 'string', format: 'date' },
        version: { const: 3 },
        lines: { type: 'array', minItems: 3, items: { $ref: '#/$defs/line' } },
      },
      $defs: { line: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] } },
    };
    const parsed = JSON.parse(compose(ask({ format: { kind: 'schema', schema } }))[0]!.text);
    expect(['invoice', 'offer']).toContain(parsed.kind);
    expect(parsed.total).toBeGreaterThanOrEqual(5);
    expect(parsed.total).toBeLessThanOrEqual(9);
    expect([3, 4]).toContain(parsed.count);
    expect(typeof parsed.paid).toBe('boolean');
    expect(parsed.note.length).toBeLessThanOrEqual(9);
    expect(parsed.due).toMatch(/^\d{4}-\d\d-\d\d$/u);
    expect(parsed.version).toBe(3);
    expect(parsed.lines).toHaveLength(3);
    expect(typeof parsed.lines[0].name).toBe('string');
  });

  it('ends for a schema that refers to itself', () => {
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
      required: ['name', 'next'],
    };
    expect(JSON.parse(compose(ask({ format: { kind: 'schema', schema } }))[0]!.text)).toHaveProperty('next');
    const endless = { type: 'object', properties: { next: { $ref: '#' } }, required: ['next'] };
    expect(() => JSON.parse(compose(ask({ format: { kind: 'schema', schema: endless } }))[0]!.text)).not.toThrow();
  });

  it('is some object when no schema is named, and arguments when a tool is forced', () => {
    expect(JSON.parse(compose(ask({ format: { kind: 'json' } }))[0]!.text)).toHaveProperty('summary');
    const parameters = { properties: { city: { type: 'string' } }, required: ['city'] };
    const [call] = compose(ask({ format: { kind: 'tool', name: 'find', parameters } }));
    expect(call).toMatchObject({ tool: 'find', finishReason: 'tool_calls' });
    expect(JSON.parse(call!.text)).toHaveProperty('city');
  });
});

describe('the tokenizer', () => {
  it('takes long unbroken runs in linear time and loses nothing', () => {
    const text = `${'a'.repeat(200_000)} ${' '.repeat(50_000)}😀${'😀'.repeat(3000)}`;
    expect(tokenizer.count(text)).toBeGreaterThan(1000);
    expect(tokenizer.cut(text, 1_000_000)).toBe(text);
  });

  it('reads special tokens as plain text', () => {
    expect(tokenizer.count('a <|endoftext|> b')).toBeGreaterThan(3);
  });

  it('cuts to the longest beginning that fits, never in half a character, and a cut leaves no trace in the next', () => {
    const text = '発注書🧾の納期を🧾🧾確認 please 👩‍👩‍👧';
    for (let most = 0; most <= tokenizer.count(text); most += 1) {
      const cut = tokenizer.cut(text, most);
      expect(text.startsWith(cut)).toBe(true);
      expect(cut.isWellFormed()).toBe(true);
      expect(tokenizer.count(cut)).toBeLessThanOrEqual(most);
    }
    expect(tokenizer.cut('plain text', 100)).toBe('plain text');
    expect(tokenizer.cut('one two three four', 2)).toBe('one two');
  });
});
