import { DamagedRowError, NewerRowError } from '../../versioned.ts';

/** Columns of a row beside its keys. Numbers are 32-bit integers, everything else is text. */
export type Columns = Readonly<Record<string, string | number | boolean>>;

/** A row as it was read. */
export interface StoredRow {
  readonly partitionKey: string;
  readonly rowKey: string;
  readonly etag: string;
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Version of the rows' layout that this code writes. */
export const rowVersion = 1;

/** Longest text of one property, in UTF-16 characters. */
const longestProperty = 32_768;
/** Largest entity in bytes; Azure refuses more, Azurite does not check. */
const largestRowBytes = 1_048_576;

/** Spreads JSON over as many columns as it needs: `name0`, `name1`, …; a surrogate pair is never parted. */
export function writeJson(name: string, value: unknown): Record<string, string> {
  const text = JSON.stringify(value);
  const columns: Record<string, string> = {};
  let start = 0;
  for (let part = 0; start < text.length; part += 1) {
    let end = Math.min(start + longestProperty, text.length);
    if (end < text.length && isHighSurrogate(text.charCodeAt(end - 1))) end -= 1;
    columns[`${name}${part}`] = text.slice(start, end);
    start = end;
  }
  return columns;
}

/** Reads JSON that writeJson spread and checks it with `isValue`; throws DamagedRowError or NewerRowError. */
export function readJson<T>(row: StoredRow, name: string, isValue: (value: unknown) => value is T): T {
  const key = `${row.partitionKey}/${row.rowKey}`;
  const version = row.columns['v'];
  if (typeof version === 'number' && version > rowVersion) throw new NewerRowError(key, version);
  let text = '';
  for (let part = 0; ; part += 1) {
    const column = row.columns[`${name}${part}`];
    if (typeof column !== 'string') break;
    text += column;
  }
  const value = parseJson(text, key);
  if (isValue(value)) return value;
  throw new DamagedRowError(key, `${name} has not the fields it needs`);
}

function parseJson(text: string, key: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DamagedRowError(key, text === '' ? 'its JSON is missing' : 'its JSON is broken');
  }
}

function isHighSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdbff;
}

/** Bytes of a row by the service's own formula (properties in UTF-16). */
export function measureRow(partitionKey: string, rowKey: string, columns: Columns): number {
  let bytes = 4 + (partitionKey.length + rowKey.length) * 2;
  for (const [name, value] of Object.entries(columns)) {
    bytes += 8 + name.length * 2 + (typeof value === 'string' ? value.length * 2 + 4 : 8);
  }
  return bytes;
}

/** Throws when the row is larger than an entity may be; the message has the row's key and sizes, never content. */
export function assertRowFits(partitionKey: string, rowKey: string, columns: Columns): void {
  const bytes = measureRow(partitionKey, rowKey, columns);
  if (bytes > largestRowBytes) {
    throw new RangeError(
      `Row ${partitionKey}/${rowKey} takes ${bytes} bytes, a row holds ${largestRowBytes}: keep its texts as blobs.`,
    );
  }
}
