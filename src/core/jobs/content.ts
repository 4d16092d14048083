/** A text that is kept either in the row or, over `inlineLimit` characters, as a blob (claim check). */
export type Content =
  | { readonly kind: 'inline'; readonly text: string }
  | { readonly kind: 'blob'; readonly name: string; readonly characters: number; readonly sha256: string };

/** Longest text, in UTF-16 characters, that stays in a table row; a string property holds 32,768. */
export const inlineLimit = 30_000;

/** Outcome of reading a text back. `missing` and `damaged` are told to the caller, never papered over. */
export type ContentReading =
  | { readonly outcome: 'read'; readonly text: string }
  | { readonly outcome: 'missing' | 'damaged' };

/** Port: where request and result bodies live. All content of one job can be erased together. */
export interface ContentStore {
  /** Keeps `text` under the team and job; small texts come back inline without any storage call. */
  keep(team: string, jobId: string, part: string, text: string): Promise<Content>;
  read(content: Content): Promise<ContentReading>;
  /** Reads a part that an earlier attempt may have left behind; null when there is none. */
  find(team: string, jobId: string, part: string): Promise<Content | null>;
  /** Ids of the team's jobs, created in [fromMs, toMs), of which there is content. */
  listJobs(team: string, span: { readonly fromMs: number; readonly toMs: number }): Promise<readonly string[]>;
  /** Removes every blob of the job; succeeds when there is none. */
  erase(team: string, jobId: string): Promise<void>;
}
