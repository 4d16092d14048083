import { WeirUnderTest } from '../../test/support/weir-under-test.ts';
import { FaultProxy, proxyStorage } from '../reliability/fault-proxy.ts';
import type { ProxyFault } from '../reliability/proxy-fault.ts';

/** Where a fault can be put between Weir and what it depends on. */
export const places = ['tables', 'queues', 'blobs', 'service'] as const;
export type Place = (typeof places)[number];

/** The faults of the matrix. Where only some exchanges are met, the others show what half a storage does. */
export const proxyFaults: Readonly<Record<string, ProxyFault>> = {
  latency: { kind: 'latency', latencyMs: 150 },
  reset: { kind: 'reset', every: 3 },
  'lost answer': { kind: 'cut', afterBytes: 0, every: 3 },
  'cut answer': { kind: 'cut', afterBytes: 100, every: 3 },
  down: { kind: 'down' },
};

/** A running Weir with a proxy at each place. */
export interface SurroundedWeir {
  readonly weir: WeirUnderTest;
  readonly proxies: Readonly<Record<Place, FaultProxy>>;
  stop(): Promise<void>;
}

/** Starts storage, simulator and a host that reaches them through proxies only. */
export async function startSurroundedWeir(environment: Readonly<Record<string, string>>): Promise<SurroundedWeir> {
  const started: Partial<Record<Place, FaultProxy>> = {};
  const weir = await WeirUnderTest.start({
    environment,
    rewireStorage: async (original) => {
      let connectionString = original;
      for (const [place, service] of [
        ['tables', 'Table'],
        ['queues', 'Queue'],
        ['blobs', 'Blob'],
      ] as const) {
        const behind = await proxyStorage(connectionString, service);
        started[place] = behind.proxy;
        connectionString = behind.connectionString;
      }
      return connectionString;
    },
    rewireSimulator: async (url) => {
      started.service = await FaultProxy.start(Number(new URL(url).port));
      return `http://127.0.0.1:${started.service.port}`;
    },
  });
  const { tables, queues, blobs, service } = started;
  if (!tables || !queues || !blobs || !service) throw new Error('A proxy was not started.');
  const proxies = { tables, queues, blobs, service };
  const stop = async () => {
    await weir.stop();
    for (const place of places) await proxies[place].stop();
  };
  return { weir, proxies, stop };
}
