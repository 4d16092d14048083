/** What the limiter looks at before a request runs. It knows characters, not tokens. */
export type EstimateInput = {
  promptCharacters: number;
  /** Tokens that are not text: images, and embedding inputs that came as token numbers. */
  promptTokensGiven: number;
  maxOutputTokens: number | null;
  choices: number;
};

/** How one model is estimated; the defaults are those observed for gpt-4 and gpt-4o. */
export type EstimateRule = {
  charactersPerToken: number;
  outputTokensWhenUnset: number;
  overheadTokens: number;
  ignoresPrompt: boolean;
};

/** Observed on gpt-4 and gpt-4o in July 2024: ceil(characters / 4) + 1 + (max_tokens, or 640 when unset). */
export const OBSERVED_CHAT_RULE: EstimateRule = {
  charactersPerToken: 4,
  outputTokensWhenUnset: 640,
  overheadTokens: 1,
  ignoresPrompt: false,
};

/** Observed on gpt-3.5-turbo: max_tokens alone, or 16 when unset. */
export const OBSERVED_GPT_35_RULE: EstimateRule = {
  charactersPerToken: 4,
  outputTokensWhenUnset: 16,
  overheadTokens: 0,
  ignoresPrompt: true,
};

/** Tokens that a chat or responses request is charged at admission; the maximum counts once per choice. */
export function estimateChat(input: EstimateInput, rule: EstimateRule): number {
  const output = (input.maxOutputTokens ?? rule.outputTokensWhenUnset) * input.choices;
  if (rule.ignoresPrompt) return output;
  return (
    Math.ceil(input.promptCharacters / rule.charactersPerToken) + input.promptTokensGiven + output + rule.overheadTokens
  );
}

/** Tokens that an embeddings request is charged: each text rounded up by itself, token inputs as they are. */
export function estimateEmbeddings(
  inputs: readonly (string | readonly number[])[],
  charactersPerToken: number,
): number {
  return inputs.reduce(
    (sum, input) => sum + (typeof input === 'string' ? Math.ceil(input.length / charactersPerToken) : input.length),
    0,
  );
}
