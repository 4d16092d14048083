/** What differs between model families and matters to quota and answers; unknown names get today's usual values. */
export type ModelTraits = {
  /** Reasons before it answers: hidden output tokens, and `max_tokens` is refused in favour of `max_completion_tokens`. */
  reasons: boolean;
  /** Turns text into vectors and cannot chat; every other model chats and makes no vectors. */
  embeds: boolean;
  contextTokens: number;
  embeddingDimensions: number;
  canShortenEmbeddings: boolean;
  /** 2023's rule: 16 tokens when no maximum is given, else the maximum alone. */
  ignoresPromptAtAdmission: boolean;
};

/** Traits by model name; the name is matched by its beginning, as dated versions are appended to it. */
export function readModelTraits(model: string): ModelTraits {
  return {
    reasons: /^(o\d|gpt-5)/u.test(model),
    embeds: /embed/iu.test(model),
    contextTokens: contextTokensOf(model),
    embeddingDimensions: model.startsWith('text-embedding-3-large') ? 3072 : 1536,
    canShortenEmbeddings: !model.includes('ada-002'),
    ignoresPromptAtAdmission: /^gpt-3\.?5/u.test(model),
  };
}

function contextTokensOf(model: string): number {
  if (model.startsWith('text-embedding')) return 8192;
  if (model.startsWith('gpt-4.1')) return 1_047_576;
  if (model.startsWith('gpt-5')) return 400_000;
  if (/^o\d/u.test(model)) return 200_000;
  if (/^gpt-3\.?5/u.test(model)) return 16_385;
  return 128_000;
}
