import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { RegisteredFunction } from './function-app.ts';
import { HostError } from './host-error.ts';
import type { HostLog } from './host-log.ts';
import {
  announcesTooMuch,
  readBody,
  readTrace,
  readUrl,
  toHttpData,
  toHttpMetadata,
  writeEmpty,
  writeHttpData,
} from './http-exchange.ts';
import { forwardToApp } from './http-stream.ts';
import type { Invoker } from './invocation.ts';
import { findRoute, type RouteTable } from './route-table.ts';

/** What the listener serves once the app is loaded; until then every request is answered 503. */
export interface HttpSite {
  routes: RouteTable;
  invoker: Invoker;
  streamingUrl: string | undefined;
  /** On every answer from here on; what a function sets itself wins. */
  customHeaders: ReadonlyMap<string, string>;
  isHomepageDisabled: boolean;
  /** Answers the host's own paths (`/admin/…`); false when it has no answer. */
  answerAdmin(request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean>;
}

// Kestrel's limits. Node's own 5 s of keep-alive would cut connections that clients of the real host may use again.
const serverOptions = { requestTimeout: 0, headersTimeout: 60_000, keepAliveTimeout: 130_000 };

/** The HTTP side of the host: listens on loopback, finds the function, invokes it, writes the answer. */
export class HttpListener {
  readonly #log: HostLog;
  readonly #server: Server;
  #site: HttpSite | undefined;
  #draining = false;

  constructor(log: HostLog) {
    this.#log = log;
    this.#server = createServer(serverOptions, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => {
        this.#log.error(`HTTP request failed in the host: ${error instanceof Error ? error.stack : String(error)}`);
        writeEmpty(response, 500);
      });
    });
  }

  /** Listens and returns the port in use; a port that is taken is a HostError which names it. */
  listen(port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', (error: NodeJS.ErrnoException) => {
        if (error.code !== 'EADDRINUSE') return reject(error);
        reject(new HostError(`Port ${port} is unavailable. Close the process using that port, or use --port.`));
      });
      this.#server.listen(port, '127.0.0.1', () => resolve(this.port));
    });
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  open(site: HttpSite): void {
    this.#site = site;
  }

  /** Refuses new connections; requests under way go on. */
  drain(): void {
    this.#draining = true;
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Breaks every connection that is left. */
  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.on('error', () => {});
    if (this.#draining) response.setHeader('connection', 'close');
    if (this.#site === undefined || this.#draining) return writeEmpty(response, 503);
    const url = readUrl(request, this.port);
    if (url === undefined) return writeEmpty(response, 400);
    for (const [name, value] of this.#site.customHeaders) response.setHeader(name, value);
    if (await this.#site.answerAdmin(request, response, url)) return;
    const found = findRoute(this.#site.routes, request.method ?? 'GET', url.pathname);
    if (found !== undefined) return await this.#invoke(this.#site, { request, response, url, ...found });
    if (url.pathname === '/' && this.#site.isHomepageDisabled) return writeEmpty(response, 204);
    if (url.pathname === '/' && request.method === 'GET') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end('<!doctype html><title>Functions</title><p>Your function app is up and running.');
      return;
    }
    writeEmpty(response, 404);
  }

  async #invoke(site: HttpSite, exchange: HttpExchange): Promise<void> {
    const { request, fn } = exchange;
    this.#log.detail(`${request.method} ${exchange.url.pathname} → ${fn.name}`);
    const work =
      site.streamingUrl === undefined ? this.#invokeWhole(site, exchange) : this.#invokeStreamed(site, exchange);
    await site.invoker.track(work);
    if (this.#draining) this.#server.closeIdleConnections();
  }

  async #invokeWhole(site: HttpSite, { request, response, url, fn, values }: HttpExchange): Promise<void> {
    const reading = await readBody(request);
    if (reading.outcome === 'disconnected') return this.#log.detail(`${fn.name}: the client left during its request.`);
    if (reading.outcome === 'too-large') {
      response.setHeader('connection', 'close');
      return writeEmpty(response, 413);
    }
    const outcome = await site.invoker.invoke(fn, {
      data: { http: toHttpData(request, { url, routeValues: values, body: reading.body }) },
      metadata: toHttpMetadata(request, url, values),
      reason: 'This function was programmatically called via the host APIs.',
      trace: readTrace(request),
    });
    if (response.destroyed) return this.#log.detail(`${fn.name}: the client left before the answer.`);
    if (outcome.outcome !== 'succeeded') return writeEmpty(response, 500);
    writeHttpData(response, outcome.response.returnValue?.http);
  }

  async #invokeStreamed(site: HttpSite, { request, response, url, fn, values }: HttpExchange): Promise<void> {
    // Invoked all the same, the function would wait for ever for a request that is never forwarded.
    if (announcesTooMuch(request)) {
      response.setHeader('connection', 'close');
      return writeEmpty(response, 413);
    }
    const invocationId = randomUUID();
    const streamingUrl = site.streamingUrl ?? '';
    const forwarding = forwardToApp(request, response, { streamingUrl, invocationId });
    const outcome = await site.invoker.invoke(fn, {
      data: { http: { method: request.method ?? 'GET', url: url.href } },
      metadata: toHttpMetadata(request, url, values),
      reason: 'This function was programmatically called via the host APIs.',
      trace: readTrace(request),
      invocationId,
    });
    if (outcome.outcome !== 'succeeded' && !response.headersSent && !response.destroyed) {
      this.#log.warn(
        `${fn.name} failed with HTTP streaming on: its caller gets NO answer, as on the real host. Catch errors in the handler.`,
      );
      // The caller waits until it gives up; that is no work to wait for at shutdown.
      return;
    }
    await forwarding;
  }
}

interface HttpExchange {
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  fn: RegisteredFunction;
  values: Record<string, string>;
}
