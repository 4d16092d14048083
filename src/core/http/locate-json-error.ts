/** A place in a text; both count from 1, columns in UTF-16 characters. */
export interface TextPlace {
  readonly line: number;
  readonly column: number;
}

type Expecting = 'value' | 'value or ]' | 'key or }' | 'key' | ':' | ', or close' | 'end';

const blank = /[ \t\r\n]*/y;
const scalar = /(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-])/y;
const escapeSequence = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

/**
 * Finds where a text stops being JSON; the end of the text when something is missing there. Unlike the engine's
 * own message it never repeats a piece of the text, which may be a prompt or a key.
 */
export function locateJsonError(text: string): TextPlace {
  const before = text.slice(0, findJsonError(text));
  const lines = before.split('\n');
  return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 };
}

function findJsonError(text: string): number {
  const open: ('{' | '[')[] = [];
  let expecting: Expecting = 'value';
  let at = 0;
  for (;;) {
    at = matchEnd(blank, text, at) ?? at;
    const step = takeToken(text, at, expecting, open);
    if (step === null) return at;
    if ('errorAt' in step) return step.errorAt;
    at = step.next;
    expecting = step.expecting;
  }
}

type Step = { next: number; expecting: Expecting } | { errorAt: number } | null;

function takeToken(text: string, at: number, expecting: Expecting, open: ('{' | '[')[]): Step {
  const character = text[at];
  if (character === undefined || expecting === 'end') return null;
  if (expecting === ':') return character === ':' ? { next: at + 1, expecting: 'value' } : null;
  if (expecting === 'key' || (expecting === 'key or }' && character === '"')) return takeString(text, at, ':');
  if (closes(character, expecting, open)) {
    open.pop();
    return { next: at + 1, expecting: afterValue(open) };
  }
  if (expecting === ', or close') {
    if (character !== ',') return null;
    return { next: at + 1, expecting: open.at(-1) === '{' ? 'key' : 'value' };
  }
  return expecting === 'key or }' ? null : takeValue(text, at, character, open);
}

function takeValue(text: string, at: number, character: string, open: ('{' | '[')[]): Step {
  if (character === '{' || character === '[') {
    open.push(character);
    return { next: at + 1, expecting: character === '{' ? 'key or }' : 'value or ]' };
  }
  if (character === '"') return takeString(text, at, afterValue(open));
  const end = matchEnd(scalar, text, at);
  return end === null ? null : { next: end, expecting: afterValue(open) };
}

function closes(character: string, expecting: Expecting, open: readonly string[]): boolean {
  if (character !== '}' && character !== ']') return false;
  if (expecting === 'value' || expecting === 'key') return false;
  return open.at(-1) === (character === '}' ? '{' : '[');
}

function afterValue(open: readonly string[]): Expecting {
  return open.length === 0 ? 'end' : ', or close';
}

function takeString(text: string, start: number, expecting: Expecting): Step {
  if (text[start] !== '"') return null;
  let at = start + 1;
  for (;;) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return { next: at + 1, expecting };
    if (code === 0x5c) {
      const end = matchEnd(escapeSequence, text, at);
      if (end === null) return { errorAt: at };
      at = end;
    } else if (Number.isNaN(code) || code < 0x20) return { errorAt: Math.min(at, text.length) };
    else at += 1;
  }
}

function matchEnd(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : null;
}
