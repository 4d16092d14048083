import { type Agent, type ClientRequest, type IncomingMessage, request as requestHttp } from 'node:http';
import { request as requestHttps, type Agent as SecureAgent } from 'node:https';
import { TLSSocket } from 'node:tls';
import { nameSocketError, TransportFault } from './transport-fault.ts';

/** Kept-alive connections of one adapter. */
export interface Agents {
  readonly plain: Agent;
  readonly secure: SecureAgent;
}

/** `connectMs` covers name, TCP and TLS; `firstByteMs` runs from there; `totalMs` covers all, the body too. */
export interface ExchangeLimits {
  readonly connectMs: number;
  readonly firstByteMs: number;
  readonly totalMs: number;
  readonly maxAnswerBytes: number;
}

/** What is known while an exchange goes on, and after it failed. */
export interface ExchangeProgress {
  /** Whether bytes of the request may have reached the service. */
  sent: boolean;
  statusCode: number | null;
  firstByteMs: number | null;
}

/** Head of an answer; the body is read once, and iterating it throws a TransportFault if it does not come whole. */
export interface ExchangeAnswer {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncGenerator<Uint8Array, void, undefined>;
}

export interface ExchangeRequest {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Sends one request and resolves with the head of its answer. Throws a TransportFault, and nothing else, for whatever
 * network, service, limits or `signal` do. Follows no redirects. Node's own fetch cannot tell whether a request was
 * sent and cannot be given a connect timeout without another package; hence node:https.
 */
export async function openExchange(
  exchange: ExchangeRequest,
  agents: Agents,
  limits: ExchangeLimits,
  progress: ExchangeProgress,
  signal: AbortSignal,
): Promise<ExchangeAnswer> {
  if (signal.aborted) throw new TransportFault('aborted');
  const startedAt = performance.now();
  const isSecure = exchange.url.protocol === 'https:';
  const request: ClientRequest = (isSecure ? requestHttps : requestHttp)(exchange.url, {
    method: exchange.method,
    headers: { ...exchange.headers, 'content-length': Buffer.byteLength(exchange.body) },
    agent: isSecure ? agents.secure : agents.plain,
  });
  let ended: TransportFault | null = null;
  const end = (fault: TransportFault) => {
    ended ??= fault;
    request.destroy(fault);
  };
  const onAbort = () => end(new TransportFault('aborted'));
  signal.addEventListener('abort', onAbort, { once: true });
  const total = setTimeout(() => end(new TransportFault('total_timeout')), limits.totalMs);
  let stage = setTimeout(() => end(new TransportFault('connect_timeout')), limits.connectMs);
  let isReleased = false;
  const release = () => {
    isReleased = true;
    clearTimeout(total);
    clearTimeout(stage);
    signal.removeEventListener('abort', onAbort);
  };

  const onConnected = () => {
    if (isReleased) return;
    progress.sent = true;
    clearTimeout(stage);
    stage = setTimeout(() => end(new TransportFault('first_byte_timeout')), limits.firstByteMs);
  };
  request.once('socket', (socket) => {
    // A kept-alive socket is connected already; a new one has sent nothing before its handshake is over.
    if (!socket.connecting && request.reusedSocket) onConnected();
    else socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', onConnected);
  });

  try {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.once('response', resolve);
      // Stays for good: an error after the head must not go unhandled; the body's reader sees it as well.
      request.on('error', reject);
      request.end(exchange.body);
    });
    clearTimeout(stage);
    progress.statusCode = response.statusCode ?? 0;
    progress.firstByteMs = performance.now() - startedAt;
    return {
      statusCode: progress.statusCode,
      headers: joinHeaders(response),
      body: readBody(request, response, limits.maxAnswerBytes, () => ended, release),
    };
  } catch (error) {
    release();
    throw nameSocketError(error, progress.sent ? 'sent' : 'connecting');
  }
}

async function* readBody(
  request: ClientRequest,
  response: IncomingMessage,
  maxBytes: number,
  whyEnded: () => TransportFault | null,
  release: () => void,
) {
  let bytes = 0;
  try {
    for await (const chunk of response) {
      const part: Uint8Array = chunk;
      bytes += part.byteLength;
      if (bytes > maxBytes) throw new TransportFault('too_large');
      yield part;
    }
    if (!response.complete) throw new TransportFault('truncated');
  } catch (error) {
    // When a limit or the caller ended it, the response knows only that it was cut.
    throw nameSocketError(whyEnded() ?? error, 'answering');
  } finally {
    release();
    // Not read to its end: the rest must not come through a connection that is used again.
    if (!response.complete) request.destroy();
  }
}

function joinHeaders(response: IncomingMessage): Readonly<Record<string, string>> {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(response.headers)) {
    if (value !== undefined) joined[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return joined;
}
