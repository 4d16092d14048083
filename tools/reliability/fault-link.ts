import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ProxyFault } from './proxy-fault.ts';

/** Bytes of a request that are enough to tell what it asks. */
const requestHeadBytes = 200;

/**
 * One client's connection through the proxy and the connection to the service behind it. HTTP/1.1 without pipelining: what the
 * client sends after an answer began is the next request. A test tool on one machine: it holds what it delays in memory.
 */
export class FaultLink {
  readonly #client: Socket;
  readonly #service: Socket;
  readonly #meet: (request: string) => ProxyFault;
  #fault: ProxyFault = { kind: 'none' };
  #isBetweenExchanges = true;
  #answeredBytes = 0;
  /** What goes to the client, one step after the other: a later step never overtakes a delayed one. */
  #line: Promise<void> = Promise.resolve();

  constructor(client: Socket, servicePort: number, meet: (request: string) => ProxyFault) {
    this.#client = client;
    this.#service = connect({ port: servicePort, host: '127.0.0.1', allowHalfOpen: true });
    this.#meet = meet;
  }

  open(): void {
    const [client, service] = [this.#client, this.#service];
    client.on('data', (chunk) => this.#takeRequest(chunk));
    client.on('end', () => service.end());
    client.on('close', () => service.destroy());
    service.on('data', (chunk) => this.#takeAnswer(chunk));
    service.on('end', () => this.#later(() => client.end()));
    service.on('error', () => this.#later(() => client.resetAndDestroy()));
  }

  #takeRequest(chunk: Buffer): void {
    if (this.#isBetweenExchanges) {
      this.#isBetweenExchanges = false;
      this.#answeredBytes = 0;
      this.#fault = this.#meet(chunk.toString('latin1', 0, requestHeadBytes));
      if (this.#fault.kind === 'reset') this.#client.resetAndDestroy();
    }
    if (this.#fault.kind !== 'hang' && !this.#client.destroyed) this.#service.write(chunk);
  }

  #takeAnswer(chunk: Buffer): void {
    this.#isBetweenExchanges = true;
    const fault = this.#fault;
    const room = fault.kind === 'cut' ? fault.afterBytes - this.#answeredBytes : Number.POSITIVE_INFINITY;
    this.#answeredBytes += chunk.length;
    if (chunk.length <= room) {
      this.#later(() => this.#client.write(chunk));
      return;
    }
    const rest = chunk.subarray(0, Math.max(0, room));
    this.#later(() => {
      if (rest.length === 0) this.#client.resetAndDestroy();
      else this.#client.write(rest, () => this.#client.resetAndDestroy());
    });
  }

  /** Does a step towards the client in its order: at once, or after the latency of the present exchange. */
  #later(step: () => void): void {
    const fault = this.#fault;
    const dueAt = performance.now() + (fault.kind === 'latency' ? fault.latencyMs : 0);
    this.#line = this.#line.then(async () => {
      const waitMs = dueAt - performance.now();
      if (waitMs > 0) await sleep(waitMs);
      if (!this.#client.destroyed) step();
    });
  }
}
