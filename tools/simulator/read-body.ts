import type { IncomingMessage } from 'node:http';

/** A body read whole, one that is too large, or one whose sender left. */
export type ReadBody = { outcome: 'read'; text: string } | { outcome: 'too-large' } | { outcome: 'left' };

/** Reads a request's body of at most `mostBytes`; a larger one is read to its end and dropped, so that its sender can be told. */
export async function readBody(request: IncomingMessage, mostBytes: number): Promise<ReadBody> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request) {
      if (!Buffer.isBuffer(chunk)) continue;
      bytes += chunk.length;
      if (bytes > mostBytes) chunks.length = 0;
      else chunks.push(chunk);
    }
  } catch {
    return { outcome: 'left' };
  }
  if (bytes > mostBytes) return { outcome: 'too-large' };
  return { outcome: 'read', text: Buffer.concat(chunks).toString('utf8') };
}
