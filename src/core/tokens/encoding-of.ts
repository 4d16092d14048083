/** Vocabularies that today's models share. */
export type EncodingName = 'o200k_base' | 'cl100k_base';

/** The encoding of a model by its name (tiktoken's own map); unknown names get today's, o200k_base. */
export function encodingOf(model: string): EncodingName {
  return /^(text-embedding-|gpt-4($|-(?!o))|gpt-3\.5|gpt-35)/.test(model) ? 'cl100k_base' : 'o200k_base';
}
