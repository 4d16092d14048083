import { type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import { bodyLimitBytes, writeEmpty } from './http-exchange.ts';

// Between two hops each connection has its own.
const hopHeaders = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'upgrade',
  'transfer-encoding',
]);

/** How the forwarding of a streamed request ended. */
export type ForwardOutcome = 'answered' | 'too-large' | 'disconnected';

/**
 * Forwards a request to the HTTP server that a streaming app runs and pipes its answer back as it comes.
 * The invocation id ties it to the invocation that runs beside it. Never answers by itself unless the body is too
 * large: on the real host, too, a streaming handler that fails leaves its caller waiting.
 */
export async function forwardToApp(
  request: IncomingMessage,
  response: ServerResponse,
  target: { streamingUrl: string; invocationId: string },
): Promise<ForwardOutcome> {
  const upstream = openRequest(new URL(request.url ?? '/', target.streamingUrl), {
    method: request.method ?? 'GET',
    headers: forwardedHeaders(request, target.invocationId),
    agent: false,
  });
  const abandon = () => upstream.destroy();
  response.once('close', abandon);
  try {
    const answer = await exchange(request, upstream);
    response.writeHead(answer.statusCode ?? 200, answerHeaders(answer));
    response.flushHeaders();
    await pipeline(answer, response);
    return 'answered';
  } catch (error) {
    if (error instanceof BodyTooLarge && !response.headersSent) {
      response.setHeader('connection', 'close');
      writeEmpty(response, 413);
      return 'too-large';
    }
    // Either end went away: the caller sees a broken connection, as through the real host.
    response.destroy();
    return 'disconnected';
  } finally {
    response.off('close', abandon);
    upstream.destroy();
  }
}

class BodyTooLarge extends Error {}

function exchange(request: IncomingMessage, upstream: ReturnType<typeof openRequest>): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    let receivedBytes = 0;
    upstream.once('response', resolve);
    upstream.once('error', reject);
    request.once('error', reject);
    request.on('data', (chunk: Buffer) => {
      receivedBytes += chunk.length;
      if (receivedBytes > bodyLimitBytes) reject(new BodyTooLarge());
    });
    request.once('close', () => {
      if (!request.complete) reject(new Error('client gone'));
    });
    request.pipe(upstream);
  });
}

function forwardedHeaders(request: IncomingMessage, invocationId: string): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined && !hopHeaders.has(name)) headers[name] = value;
  }
  if (request.headers['transfer-encoding'] !== undefined) headers['transfer-encoding'] = 'chunked';
  headers['x-ms-invocation-id'] = invocationId;
  headers['x-forwarded-host'] = request.headers.host ?? '127.0.0.1';
  headers['x-forwarded-proto'] = 'http';
  headers['x-forwarded-for'] = request.socket.remoteAddress ?? '127.0.0.1';
  return headers;
}

function answerHeaders(answer: IncomingMessage): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  for (const [name, values] of Object.entries(answer.headersDistinct)) {
    if (values === undefined || hopHeaders.has(name) || name === 'x-ms-invocation-id') continue;
    headers[name] = name === 'set-cookie' ? values : values.join(', ');
  }
  return headers;
}
