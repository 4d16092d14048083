/** Counts the tokens of a text; never throws, whatever the text. */
export type CountTokens = (text: string) => number;

/** Port: tokenizers. Loading takes a fifth of a second once per encoding and process. */
export interface TokenCounter {
  load(model: string): Promise<CountTokens>;
}
