import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpCookie, HttpData, TypedData } from './core-module.ts';
import type { TraceContext } from './trace-context.ts';

/** Core Tools and the platform refuse larger bodies. */
export const bodyLimitBytes = 100 * 1024 * 1024;

/** What became of reading a request's body. */
export type BodyReading = { outcome: 'read'; body: Buffer } | { outcome: 'too-large' } | { outcome: 'disconnected' };

/** True when the request itself says that its body is over the limit. */
export function announcesTooMuch(request: IncomingMessage, limitBytes = bodyLimitBytes): boolean {
  return Number(request.headers['content-length'] ?? 0) > limitBytes;
}

/** Reads a whole body up to the limit; a client that goes away midway is an outcome, not an error. */
export async function readBody(request: IncomingMessage, limitBytes = bodyLimitBytes): Promise<BodyReading> {
  if (announcesTooMuch(request, limitBytes)) return { outcome: 'too-large' };
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
      size += bytes.length;
      if (size > limitBytes) return { outcome: 'too-large' };
      chunks.push(bytes);
    }
  } catch {
    return { outcome: 'disconnected' };
  }
  return request.complete ? { outcome: 'read', body: Buffer.concat(chunks) } : { outcome: 'disconnected' };
}

/** The absolute URL that was asked for; undefined when host and path make none. */
export function readUrl(request: IncomingMessage, localPort: number): URL | undefined {
  const target = request.url ?? '/';
  // An absolute form is allowed by HTTP; anything that is neither a path nor an http URL is not for us.
  if (!target.startsWith('/')) return URL.canParse(target) ? new URL(target) : undefined;
  const url = `http://${request.headers.host ?? `127.0.0.1:${localPort}`}${target}`;
  return URL.canParse(url) ? new URL(url) : undefined;
}

/** The trace that the caller sent, if any. */
export function readTrace(request: IncomingMessage): TraceContext | undefined {
  const { traceparent, tracestate } = request.headers;
  if (typeof traceparent !== 'string') return undefined;
  return { traceParent: traceparent, traceState: typeof tracestate === 'string' ? tracestate : '' };
}

/** Lower-cased headers as single values, as the host passes them on. */
export function joinHeaders(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    if (values !== undefined) headers[name] = values.join(',');
  }
  return headers;
}

/** Query values by name; repeated ones joined by a comma, as the host does when it does not stream. */
export function joinQuery(url: URL): Record<string, string> {
  const query: Record<string, string> = {};
  for (const name of new Set(url.searchParams.keys())) query[name] = url.searchParams.getAll(name).join(',');
  return query;
}

/** The request as the library reads it. As on the real host, params hold the query's values too. */
export function toHttpData(
  request: IncomingMessage,
  parts: { url: URL; routeValues: Record<string, string>; body: Buffer },
): HttpData {
  const query = joinQuery(parts.url);
  return {
    method: request.method ?? 'GET',
    url: parts.url.href,
    nullableHeaders: wrap(joinHeaders(request)),
    nullableQuery: wrap(query),
    nullableParams: wrap({ ...query, ...parts.routeValues }),
    body: { bytes: parts.body },
  };
}

function wrap(values: Record<string, string>): Record<string, { value: string }> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, { value }]));
}

/** The trigger metadata from which a streaming app takes headers and params. */
export function toHttpMetadata(
  request: IncomingMessage,
  url: URL,
  routeValues: Record<string, string>,
): Record<string, TypedData> {
  const query = joinQuery(url);
  const params = Object.entries({ ...query, ...routeValues }).map(([name, value]) => [name, { string: value }]);
  return {
    ...Object.fromEntries(params),
    Query: { json: JSON.stringify(query) },
    Headers: { json: JSON.stringify(joinHeaders(request)) },
  };
}

/** Writes what a function returned; nothing returned is a 200 with an empty body. */
export function writeHttpData(response: ServerResponse, data: HttpData | undefined): void {
  const statusCode = Number(data?.statusCode ?? 200);
  response.statusCode = Number.isInteger(statusCode) ? statusCode : 200;
  for (const [name, value] of Object.entries(data?.headers ?? {})) {
    // Node frames the body itself; a second opinion on its length would break the connection.
    if (!['content-length', 'transfer-encoding', 'connection'].includes(name)) response.setHeader(name, value);
  }
  const cookies = (data?.cookies ?? []).map(formatCookie);
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  const body = data?.body;
  response.end(body?.bytes ?? body?.string ?? body?.json ?? '');
}

function formatCookie(cookie: HttpCookie): string {
  const parts = [`${cookie.name ?? ''}=${encodeURIComponent(cookie.value ?? '')}`];
  const add = (name: string, value: string | number | undefined) => {
    if (value !== undefined) parts.push(`${name}=${value}`);
  };
  add('Max-Age', cookie.maxAge?.value);
  add('Domain', cookie.domain?.value);
  add('Path', cookie.path?.value);
  const seconds = cookie.expires?.value?.seconds;
  if (seconds !== undefined) add('Expires', new Date(seconds * 1000).toUTCString());
  if (cookie.httpOnly?.value === true) parts.push('HttpOnly');
  if (cookie.secure?.value === true) parts.push('Secure');
  if (cookie.sameSite === 'lax') parts.push('SameSite=Lax');
  if (cookie.sameSite === 'strict') parts.push('SameSite=Strict');
  if (cookie.sameSite === 'explicitNone') parts.push('SameSite=None');
  return parts.join('; ');
}

/** Answers with a status and nothing else, as the host does for what no function answers. */
export function writeEmpty(response: ServerResponse, statusCode: number): void {
  if (response.headersSent || response.destroyed) return;
  response.statusCode = statusCode;
  // A 204 has no length (RFC 9110).
  if (statusCode !== 204) response.setHeader('content-length', 0);
  response.end();
}
