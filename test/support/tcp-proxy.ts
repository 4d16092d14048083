import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What the proxy does to connections. A request is always passed on, except while the service is `down`. */
export type ProxyFault =
  | { readonly kind: 'none' }
  /** Every connection is reset at once, those under way too. */
  | { readonly kind: 'down' }
  /** Every answer comes this much later. */
  | { readonly kind: 'latency'; readonly latencyMs: number }
  /** Answers end after so many bytes; 0 withholds the whole answer. The connection is reset then. */
  | { readonly kind: 'cut'; readonly afterBytes: number };

/** A TCP proxy on a free local port in front of a real service, for faults that no client library can be talked into. */
export class TcpProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #fault: ProxyFault = { kind: 'none' };
  /** Connections refused or cut so far. */
  strikes = 0;

  private constructor(targetPort: number) {
    this.#server = createServer((client) => this.#join(client, targetPort));
  }

  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy does not listen.');
    return address.port;
  }

  setFault(fault: ProxyFault): void {
    this.#fault = fault;
    if (fault.kind === 'down') for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, targetPort: number): void {
    if (this.#fault.kind === 'down') {
      this.strikes += 1;
      client.resetAndDestroy();
      return;
    }
    const server = connect(targetPort, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // Resets are what this proxy is for.
      socket.on('error', () => undefined);
    }
    let bytes = 0;
    client.on('data', (chunk) => {
      bytes = 0;
      server.write(chunk);
    });
    server.on('data', (chunk) => {
      const fault = this.#fault;
      if (fault.kind === 'latency') {
        setTimeout(() => client.write(chunk), fault.latencyMs);
        return;
      }
      if (fault.kind !== 'cut' || bytes + chunk.length <= fault.afterBytes) {
        bytes += chunk.length;
        client.write(chunk);
        return;
      }
      this.strikes += 1;
      const rest = chunk.subarray(0, fault.afterBytes - bytes);
      if (rest.length === 0) client.resetAndDestroy();
      else client.write(rest, () => client.resetAndDestroy());
    });
    client.on('close', () => server.destroy());
    server.on('close', () => client.destroy());
  }
}

/** Puts a proxy in front of one service of a storage connection string. */
export async function proxyStorage(
  connectionString: string,
  service: 'Table' | 'Queue' | 'Blob',
): Promise<{ readonly proxy: TcpProxy; readonly connectionString: string }> {
  const endpoint = new RegExp(`(${service}Endpoint=http://127\\.0\\.0\\.1:)(\\d+)`);
  const port = endpoint.exec(connectionString)?.[2];
  if (port === undefined) throw new Error(`The connection string names no local ${service} endpoint.`);
  const proxy = await TcpProxy.start(Number(port));
  return { proxy, connectionString: connectionString.replace(endpoint, `$1${proxy.port}`) };
}
