import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** How the proxy treats what comes back from the server. */
export type ProxyMode =
  | { readonly kind: 'pass' }
  /** The next `replies` answers to requests that begin with `request` are withheld and the connection is reset. */
  | { readonly kind: 'cut'; readonly request: string; readonly replies: number }
  /** Requests are taken and nothing is ever answered. */
  | { readonly kind: 'hang' };

/** A TCP proxy on a free local port that loses answers on demand, so that a client cannot know what has been done. */
export class CuttingProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #mode: ProxyMode = { kind: 'pass' };
  /** Answers withheld so far. */
  cutCount = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#join(client, targetPort));
  }

  /** Starts a proxy in front of a local port. */
  static async start(targetPort: number): Promise<CuttingProxy> {
    const proxy = new CuttingProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy does not listen.');
    return address.port;
  }

  setMode(mode: ProxyMode): void {
    this.#mode = mode;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, targetPort: number): void {
    const server = connect(targetPort, '127.0.0.1');
    let request = '';
    let isAnswered = true;
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // A reset is what this proxy is for.
      socket.on('error', () => undefined);
    }
    client.on('data', (chunk) => {
      if (isAnswered) request = '';
      isAnswered = false;
      request += chunk.toString('latin1').slice(0, 200);
      if (this.#mode.kind !== 'hang') server.write(chunk);
    });
    server.on('data', (chunk) => {
      isAnswered = true;
      const mode = this.#mode;
      if (mode.kind === 'cut' && mode.replies > 0 && request.startsWith(mode.request)) {
        this.#mode = { ...mode, replies: mode.replies - 1 };
        this.cutCount += 1;
        client.resetAndDestroy();
        return;
      }
      client.write(chunk);
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }
}
