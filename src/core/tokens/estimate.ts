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
  /** Cap of the one re-run if the imposed cap cuts the answer short; null or absent: there is no re-run. */
  readonly rerunOutputCap?: number | null;
  /** Answers asked for at once (`n`); absent in rows of before: one. */
  readonly choices?: number;
}
