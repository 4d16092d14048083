import { describe, expect, it } from 'vitest';
import { loadPrompts } from '../../../../tools/demo/load-prompts.ts';
import { parsePrompts, promptText } from '../../../../tools/demo/prompt.ts';

const shingleLength = 7;
const mostAlike = 0.06;

/** Runs of seven letters or digits, whatever the script: spacing, case and punctuation do not make a text different. */
function shinglesOf(text: string): Set<string> {
  const letters = [...text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '')];
  const shingles = new Set<string>();
  for (let at = 0; at + shingleLength <= letters.length; at += 1) {
    shingles.add(letters.slice(at, at + shingleLength).join(''));
  }
  return shingles;
}

function jaccard(left: ReadonlySet<string>, right: ReadonlySet<string>): number {
  const shared = [...left].filter((shingle) => right.has(shingle)).length;
  return shared / (left.size + right.size - shared);
}

function closestPair(texts: readonly { readonly id: string; readonly text: string }[]) {
  const all = texts.map(({ id, text }) => ({ id, shingles: shinglesOf(text) }));
  let closest = { left: '', right: '', likeness: 0 };
  for (const [index, left] of all.entries()) {
    for (const right of all.slice(index + 1)) {
      const likeness = jaccard(left.shingles, right.shingles);
      if (likeness > closest.likeness) closest = { left: left.id, right: right.id, likeness };
    }
  }
  return closest;
}

const prompts = loadPrompts();

describe('the shipped prompts', () => {
  it('are enough for 160 jobs of each of two teams without repeating one', () => {
    expect(prompts.length).toBeGreaterThanOrEqual(160);
    expect(new Set(prompts.map(promptText)).size).toBe(prompts.length);
  });

  it('are written in at least eight languages, each with several texts', () => {
    const perLanguage = Map.groupBy(prompts, (prompt) => prompt.language);
    expect(perLanguage.size).toBeGreaterThanOrEqual(8);
    for (const [language, own] of perLanguage) expect(own.length, language).toBeGreaterThanOrEqual(5);
  });

  it('are no fill-ins of one another', () => {
    const closest = closestPair(prompts.map((prompt) => ({ id: prompt.id, text: promptText(prompt) })));
    expect(closest.likeness, `${closest.left} and ${closest.right}`).toBeLessThan(mostAlike);
  });

  it('would show a fill-in: the same text with another name and number is far above the bound', () => {
    const text = 'Bonjour, la caisse 4 du magasin de Valmont refuse les cartes depuis 9 h, que faire avant midi ?';
    const filled = text.replace('4', '7').replace('Valmont', 'Orsigny');
    const closest = closestPair([
      { id: 'one', text },
      { id: 'two', text: filled },
    ]);
    expect(closest.likeness).toBeGreaterThan(mostAlike * 3);
  });

  it('reach from one line to several thousand characters', () => {
    const lengths = prompts.map((prompt) => promptText(prompt).length).sort((left, right) => left - right);
    expect(lengths[0]).toBeLessThan(60);
    expect(lengths.at(-1)).toBeGreaterThan(2500);
    expect(lengths[Math.floor(lengths.length / 2)]).toBeGreaterThan(250);
  });

  it('ask for every endpoint and for JSON by name where JSON is demanded', () => {
    const counts = Map.groupBy(prompts, (prompt) => prompt.endpoint);
    expect(counts.get('/v1/embeddings')?.length).toBeGreaterThanOrEqual(10);
    expect(counts.get('/v1/responses')?.length).toBeGreaterThanOrEqual(5);
    const demanding = prompts.filter((prompt) => 'response_format' in prompt);
    expect(demanding.length).toBeGreaterThan(10);
    // The service refuses json_object when no message mentions the word.
    for (const prompt of demanding) expect(promptText(prompt), prompt.id).toMatch(/json/i);
  });

  it('carry the language in their id', () => {
    for (const prompt of prompts) expect(prompt.id.slice(0, 2)).toBe(prompt.language);
  });
});

describe('parsePrompts', () => {
  it('names file and line of what is wrong', () => {
    const good = '{"id":"en-a","language":"en","task":"t","endpoint":"/v1/embeddings","input":"hello"}';
    expect(() => parsePrompts('en.jsonl', `${good}\n\n{`)).toThrow('en.jsonl, line 3: not JSON.');
    expect(() => parsePrompts('en.jsonl', good.replace('hello', ''))).toThrow(/en\.jsonl, line 1: [\s\S]*input/);
  });
});
