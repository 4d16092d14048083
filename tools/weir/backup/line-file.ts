import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { type FileHandle, open, stat, truncate } from 'node:fs/promises';
import { createInterface } from 'node:readline';

/** What is in a file of lines. */
export interface LineCount {
  readonly lines: number;
  readonly bytes: number;
  readonly sha256: string;
}

const lineFeed = 0x0a;

/** Lines of a file, one at a time; it is never in memory as a whole. */
export async function* readLines(path: string): AsyncGenerator<string> {
  const input = createReadStream(path, 'utf8');
  try {
    for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) yield line;
  } finally {
    input.destroy();
  }
}

/** Counts lines and bytes of a file and hashes it. */
export async function countLines(path: string): Promise<LineCount> {
  const hash = createHash('sha256');
  let lines = 0;
  let bytes = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    hash.update(chunk);
    bytes += chunk.length;
    for (const byte of chunk) if (byte === lineFeed) lines += 1;
  }
  return { lines, bytes, sha256: hash.digest('hex') };
}

/**
 * Opens a file to append lines to, readable by its owner alone. What an interrupted run wrote last may be half a line: it is cut off, and
 * `last` is the last whole one (null = none).
 */
export async function openLines(path: string): Promise<{ readonly file: FileHandle; readonly last: string | null }> {
  const last = existsSync(path) ? await cutHalfLine(path) : null;
  return { file: await open(path, 'a', 0o600), last };
}

async function cutHalfLine(path: string): Promise<string | null> {
  const { size } = await stat(path);
  const file = await open(path, 'r');
  try {
    const end = await findLineFeedBefore(file, size);

    if (end < size) await truncate(path, end);
    if (end === 0) return null;
    const start = await findLineFeedBefore(file, end - 1);
    const { buffer } = await file.read(Buffer.alloc(end - 1 - start), 0, end - 1 - start, start);
    return buffer.toString('utf8');
  } finally {
    await file.close();
  }
}

/** Position after the last line feed before `end`; 0 when there is none. */
async function findLineFeedBefore(file: FileHandle, end: number): Promise<number> {
  const size = 64 * 1024;
  for (let stop = end; stop > 0; stop -= size) {
    const start = Math.max(0, stop - size);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(stop - start), 0, stop - start, start);
    const found = buffer.subarray(0, bytesRead).lastIndexOf(lineFeed);
    if (found >= 0) return start + found + 1;
  }
  return 0;
}
