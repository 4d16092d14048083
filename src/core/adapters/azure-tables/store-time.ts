/**
 * When the table service made a version, from the ETag it gave it (`W/"datetime'2026-11-23T11%3A42%3A25.1234567Z'"`), to the
 * millisecond; null for a text of another form. The `Date` header tells whole seconds only.
 */
export function readStoreTime(etag: string | null): number | null {
  const found = /datetime'([^']+)'/.exec(etag ?? '')?.[1];
  if (found === undefined) return null;
  const [, seconds, fraction] = /^(.+?:\d\d)(?:\.(\d{1,7}))?\d*Z$/.exec(decodeURIComponent(found)) ?? [];
  if (seconds === undefined) return null;
  const wholeMs = Date.parse(`${seconds}Z`);
  return Number.isNaN(wholeMs) ? null : wholeMs + Number(`0.${fraction ?? '0'}`) * 1000;
}
