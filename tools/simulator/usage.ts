/** The tokens of one answer, as they are billed; cached is part of prompt, reasoning is part of completion. */
export type SimulatedUsage = {
  promptTokens: number;
  cachedTokens: number;
  completionTokens: number;
  reasoningTokens: number;
};
