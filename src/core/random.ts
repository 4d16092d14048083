/** Chance and identity, injected so that a seed replays a run. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** Lower-case hex of `bytes` random bytes. */
  hex(bytes: number): string;
}

/** SHA-256 of the text's UTF-8 bytes in lower-case hex. */
export type Sha256 = (text: string) => string;
