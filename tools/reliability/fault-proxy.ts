import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { FaultLink } from './fault-link.ts';
import type { ProxyFault } from './proxy-fault.ts';

/** A TCP proxy on a free local port in front of a real service, for faults that no client library can be talked into. */
export class FaultProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #fault: ProxyFault = { kind: 'none' };
  /** Exchanges of the kind that the fault is aimed at, and those of them that it met. */
  #aimedAt = 0;
  #met = 0;
  /** Connections refused, and exchanges that a fault met, since the start. */
  strikes = 0;

  private constructor(targetPort: number) {
    // Half-open: a close behind an answer must not overtake the answer.
    this.#server = createServer({ allowHalfOpen: true }, (client) => this.#join(client, targetPort));
  }

  /** Starts a proxy in front of a local port. */
  static async start(targetPort: number): Promise<FaultProxy> {
    const proxy = new FaultProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('The proxy does not listen.');
    return address.port;
  }

  /** In force for exchanges that begin from now on; `down` for those under way too. */
  setFault(fault: ProxyFault): void {
    this.#fault = fault;
    this.#aimedAt = 0;
    this.#met = 0;
    if (fault.kind !== 'down') return;
    for (const socket of this.#sockets) {
      this.strikes += 1;
      socket.resetAndDestroy();
    }
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket, targetPort: number): void {
    client.on('error', () => undefined);
    if (this.#fault.kind === 'down') {
      this.strikes += 1;
      client.resetAndDestroy();
      return;
    }
    this.#sockets.add(client);
    client.on('close', () => this.#sockets.delete(client));
    new FaultLink(client, targetPort, (request) => this.#meet(request)).open();
  }

  /** The fault that the exchange meets which begins with these bytes. */
  #meet(request: string): ProxyFault {
    const fault = this.#fault;
    if (fault.kind === 'none' || fault.kind === 'down') return fault;
    if (fault.request !== undefined && !request.startsWith(fault.request)) return { kind: 'none' };
    this.#aimedAt += 1;
    if ((this.#aimedAt - 1) % (fault.every ?? 1) !== 0) return { kind: 'none' };
    this.strikes += 1;
    this.#met += 1;
    if (this.#met === fault.times) this.#fault = { kind: 'none' };
    return fault;
  }
}

/** Puts a proxy in front of one service of a storage connection string. */
export async function proxyStorage(
  connectionString: string,
  service: 'Table' | 'Queue' | 'Blob',
): Promise<{ readonly proxy: FaultProxy; readonly connectionString: string }> {
  const endpoint = new RegExp(`(${service}Endpoint=http://127\\.0\\.0\\.1:)(\\d+)`);
  const port = endpoint.exec(connectionString)?.[2];
  if (port === undefined) throw new Error(`The connection string names no local ${service} endpoint.`);
  const proxy = await FaultProxy.start(Number(port));
  return { proxy, connectionString: connectionString.replace(endpoint, `$1${proxy.port}`) };
}
