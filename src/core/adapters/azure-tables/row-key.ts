/** Partition that lists the teams the sweep walks; no team id begins with `~`. */
export const teamListPartition = '~teams';

/** Row keys of a team's partition (design §6). */
export const rowKeys = {
  job: (id: string) => `job|${id}`,
  idempotency: (keySha256: string) => `idem|${keySha256}`,
  live: (id: string) => `live|${id}`,
  budget: (period: string) => `budget|${period}`,
  usage: (atMs: number, jobId: string, attempt: number) =>
    `usage|${invertMs(atMs)}|${jobId}|${String(attempt).padStart(4, '0')}`,
} as const;

const lastMs = 9_999_999_999_999;

/** 13 digits that sort newest first. Times outside 1970–2286 are refused: they would sort wrongly. */
export function invertMs(atMs: number): string {
  const rounded = Math.floor(atMs);
  if (!(rounded >= 0 && rounded <= lastMs)) throw new RangeError(`Not a time that can be a key: ${atMs}.`);
  return String(lastMs - rounded).padStart(13, '0');
}

const longestKey = 512;
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what the service forbids in keys.
const forbiddenInKeys = /[/\\#?%\u0000-\u001f\u007f-\u009f]/;

/** Whether the table service takes `text` as a key; Azurite answers 500 for what Azure refuses, so it is asked here. */
export function isKey(text: string): boolean {
  return text.length > 0 && text.length <= longestKey && !forbiddenInKeys.test(text);
}

/** A range of row keys: `from` included, `to` excluded. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
}

/** All keys that begin with `prefix`; `after` continues behind a key. */
export function rangeOfPrefix(prefix: string, after: string | null = null): KeyRange {
  const last = prefix.charCodeAt(prefix.length - 1);
  const to = prefix.slice(0, -1) + String.fromCharCode(last + 1);
  return { from: after === null ? prefix : keyBehind(after), to };
}

// The smallest key greater than `key`; a space is the first character that keys may hold.
function keyBehind(key: string): string {
  return `${key} `;
}

/** OData filter of a range within a partition. */
export function filterRange(partitionKey: string, range: KeyRange, condition: string | null = null): string {
  const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const keys = `PartitionKey eq ${quote(partitionKey)} and RowKey ge ${quote(range.from)} and RowKey lt ${quote(range.to)}`;
  return condition === null ? keys : `${keys} and ${condition}`;
}
