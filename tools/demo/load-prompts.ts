import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Prompt, parsePrompts } from './prompt.ts';

const folder = join(import.meta.dirname, 'prompts');

/** Reads every shipped prompt, languages mixed evenly and always in the same order; throws when a file is damaged or an id is taken twice. */
export function loadPrompts(): Prompt[] {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
  const prompts = files.sort().map((name) => parsePrompts(name, readFileSync(join(folder, name), 'utf8')));
  refuseTwins(prompts.flat());
  return interleave(prompts);
}

function refuseTwins(prompts: readonly Prompt[]): void {
  const ids = prompts.map((prompt) => prompt.id);
  const twin = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twin !== undefined) throw new Error(`Two prompts have the id ${twin}.`);
}

/** Spreads each list evenly over the whole: a list of 6 beside one of 44 does not end up at the front or the back. */
function interleave<T>(lists: readonly (readonly T[])[]): T[] {
  const placed = lists.flatMap((list) => list.map((item, index) => ({ item, place: (index + 0.5) / list.length })));
  return placed.sort((left, right) => left.place - right.place).map(({ item }) => item);
}
