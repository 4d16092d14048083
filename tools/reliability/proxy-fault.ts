/** Which exchanges a fault meets; all when nothing is said. An exchange is a request with its answer. */
export interface Aim {
  /** Only requests that begin so, such as `POST /account/$batch`. */
  readonly request?: string;
  /** Only every so many-th of them; the first is hit. */
  readonly every?: number;
  /** Passes by itself after so many. */
  readonly times?: number;
}

/** What the proxy does to connections. */
export type ProxyFault =
  | { readonly kind: 'none' }
  /** Nobody is there: connections under way are reset at once, new ones as soon as they are made. */
  | { readonly kind: 'down' }
  /** Answers come this much later, whole and in order, also when the service closes behind them. */
  | ({ readonly kind: 'latency'; readonly latencyMs: number } & Aim)
  /** The connection is reset before the request reaches the service. */
  | ({ readonly kind: 'reset' } & Aim)
  /** The service gets the request; its answer ends after so many bytes with a reset. 0: nothing of it arrives. */
  | ({ readonly kind: 'cut'; readonly afterBytes: number } & Aim)
  /** The request is taken, goes nowhere, and is never answered. */
  | ({ readonly kind: 'hang' } & Aim);
