import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';

/** A request as it came in. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** What to answer; JSON with status 200 when only a body is given. */
export interface ScriptedAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** An HTTP server on a free local port that writes down every request and answers as told. */
export class ListeningServer {
  readonly seen: SeenRequest[] = [];
  /** May be replaced while it runs. */
  answer: (request: SeenRequest) => ScriptedAnswer;
  readonly #server: Server;

  private constructor(answer: (request: SeenRequest) => ScriptedAnswer) {
    this.answer = answer;
    this.#server = createServer(async (request, response) => {
      let body = '';
      for await (const chunk of request) body += String(chunk);
      const seen = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body };
      this.seen.push(seen);
      const reply = this.answer(seen);
      response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
      response.end(JSON.stringify(reply.body));
    });
  }

  static async start(answer: (request: SeenRequest) => ScriptedAnswer): Promise<ListeningServer> {
    const server = new ListeningServer(answer);
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get url(): string {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The server does not listen.');
    return `http://127.0.0.1:${address.port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}
