import { parseJson } from '../http/parse-json.ts';
import { checkReferences } from './check-references.ts';
import { configSchema, type WeirConfig } from './config-schema.ts';
import { type ConfigProblem, toProblems } from './describe-problems.ts';

export type ConfigReading =
  | { readonly outcome: 'valid'; readonly config: WeirConfig }
  | { readonly outcome: 'invalid'; readonly problems: readonly ConfigProblem[] };

/** Reads a configuration document; all that is wrong with it is found in one go, references between its parts included. */
export function parseConfig(text: string): ConfigReading {
  const reading = readDocument(text);
  if ('problems' in reading) return { outcome: 'invalid', problems: reading.problems };
  const parsed = configSchema.safeParse(reading.value, { reportInput: true });
  const references = checkReferences(reading.value);
  if (!parsed.success) return { outcome: 'invalid', problems: [...toProblems(parsed.error.issues), ...references] };
  if (references.length > 0) return { outcome: 'invalid', problems: references };
  return { outcome: 'valid', config: parsed.data };
}

/** Reads the JSON of a configuration document; a syntax error is a problem with its line and column. */
export function readDocument(
  text: string,
): { readonly value: unknown } | { readonly problems: readonly ConfigProblem[] } {
  // Editors on Windows put a byte order mark in front.
  const reading = parseJson(text.replace(/^\uFEFF/, ''));
  switch (reading.outcome) {
    case 'parsed':
      return { value: reading.value };
    case 'malformed': {
      const { line, column } = reading.place;
      return {
        problems: [{ path: '', message: `is not JSON: line ${line}, column ${column} is where it stops making sense` }],
      };
    }
    case 'too_deep':
      return { problems: [{ path: '', message: 'is nested deeper than 64 levels' }] };
    case 'not_finite':
      return { problems: [{ path: '', message: 'holds a number that is too large to count with' }] };
  }
}
