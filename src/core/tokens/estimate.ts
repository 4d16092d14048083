/** What a request is expected to take, fixed at acceptance. */
export interface Estimate {
  /** Prompt tokens as the model's tokenizer counts them, chat overhead, tools and images included. */
  readonly inputTokens: number;
  /** The most the answer may use: n × the caller's cap, or the cap Weir sets where the caller sets none; 0 for embeddings. */
  readonly outputTokens: number;
  /** Characters of the prompt as the service's limiter sees them; its admission estimate is made from characters. */
  readonly promptCharacters: number;
  /** Output cap that Weir puts in the API's own field because the caller set none; null when the caller's own stands. */
  readonly imposedOutputCap: number | null;
}
