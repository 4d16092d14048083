import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { LengthDistribution } from './answer-length.ts';
import { parseAzureRoute } from './azure-route.ts';
import { loadTokenizer } from './count-tokens.ts';
import { deliverJson } from './delivery.ts';
import { createFaultBook } from './fault-book.ts';
import { createFigures } from './figures.ts';
import type { LatencyOptions } from './latency.ts';
import { NO_LATENCY } from './latency.ts';
import { playDelivery } from './play-delivery.ts';
import { readBody } from './read-body.ts';
import type { HintForm } from './refusal.ts';
import { createRandom } from './seeded-random.ts';
import { serveBilled } from './serve-billed.ts';
import { serveControl } from './serve-control.ts';
import { serveStored } from './serve-stored.ts';
import { createSimulatedClock } from './simulated-clock.ts';
import { BUILT_IN_CONFIG, readDeploymentSpecs } from './simulated-deployments.ts';
import type { Simulation } from './simulation.ts';
import { createResources } from './simulation.ts';
import type { WindowKind } from './window-log.ts';

/** How a simulator is started; everything has a default. */
export type SimulatorOptions = {
  /** A parsed Weir configuration; its pools are simulated. Default: two models in three regions. */
  config?: unknown;
  /** 0 takes a free port. Default 0. */
  port?: number;
  /** Also give every region a free port of its own, where paths have no region in front. */
  regionPorts?: boolean;
  seed?: number;
  /** How many times faster than the machine's clock simulated time runs: latency, quota windows, faults' `forMs`. */
  timeScale?: number;
  window?: WindowKind;
  hints?: HintForm;
  latency?: LatencyOptions;
  length?: LengthDistribution;
  /** Output tokens charged at admission when a request names no maximum. */
  outputTokensWhenUnset?: number;
  /** The one key that is accepted; by default any is. */
  key?: string;
};

/** A running simulator. */
export type RunningSimulator = {
  url: string;
  regionUrls: { [region: string]: string };
  simulation: Simulation;
  /** Ends every connection and stops listening. */
  close(): Promise<void>;
};

const HOST = '127.0.0.1';
const MOST_CONTROL_BYTES = 4 * 1024 * 1024;

/** Starts a simulated Azure OpenAI on the loopback interface; throws on an unusable configuration and on a port in use. */
export async function startSimulator(options: SimulatorOptions = {}): Promise<RunningSimulator> {
  const simulation = createSimulation(options);
  const servers: Server[] = [];
  try {
    const main = await listen(simulation, null, options.port ?? 0, servers);
    const regionUrls: { [region: string]: string } = {};
    if (options.regionPorts) {
      for (const region of simulation.resources.keys())
        regionUrls[region] = await listen(simulation, region, 0, servers);
    }
    // Loaded now so that the first request does not pay for it.
    await simulation.loadTokenizer();
    return { url: main, regionUrls, simulation, close: () => closeAll(servers) };
  } catch (error) {
    await closeAll(servers);
    throw error;
  }
}

/** The state of a simulator that has not been asked anything; throws when the configuration's pools are unusable. */
export function createSimulation(options: SimulatorOptions): Simulation {
  const read = readDeploymentSpecs(options.config ?? BUILT_IN_CONFIG, options.window ?? 'sliding');
  if (!read.ok) throw new Error(`The simulator cannot use this configuration:\n${read.message}`);
  const seed = options.seed ?? 1;
  const clock = createSimulatedClock(options.timeScale ?? 1, Date.now(), () => performance.now());
  return {
    seed,
    clock,
    random: createRandom(seed),
    latency: options.latency ?? NO_LATENCY,
    length: options.length ?? { medianTokens: 180, sigma: 0.5 },
    outputTokensWhenUnset: options.outputTokensWhenUnset ?? 640,
    key: options.key ?? null,
    loadTokenizer,
    faults: createFaultBook(),
    responses: new Map(),
    resources: createResources(read.specs, options.hints ?? 'good'),
    total: createFigures(),
    startedAtMs: clock.now(),
    nextRequest: 1,
    records: [],
    recordsHead: 0,
  };
}

async function listen(simulation: Simulation, region: string | null, port: number, servers: Server[]): Promise<string> {
  const server = createServer((request, response) => {
    serve(simulation, region, request, response).catch((error: unknown) => {
      console.error('simulator: request failed', error);
      if (!response.headersSent) response.writeHead(500).end();
      else response.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, HOST, resolve);
  });
  servers.push(server);
  return `http://${HOST}:${(server.address() as AddressInfo).port}`;
}

async function serve(
  simulation: Simulation,
  own: string | null,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  response.on('error', () => response.destroy());
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://simulator');
  const method = request.method ?? 'GET';
  const toRealMs = (ms: number) => ms;
  if (pathname.startsWith('/_sim/')) {
    const body = await readBody(request, MOST_CONTROL_BYTES);
    const text = body.outcome === 'read' ? body.text : '';
    await playDelivery(response, serveControl(simulation, method, pathname, searchParams, text), toRealMs);
    return;
  }
  const route = parseAzureRoute(method, pathname, searchParams);
  const resource = route?.region ?? own;
  if (!route || resource === null || (own !== null && route.region !== null) || !simulation.resources.has(resource)) {
    request.resume();
    const error = { code: '404', message: 'Resource not found' };
    await playDelivery(response, deliverJson(404, {}, { error }), toRealMs);
    return;
  }
  const { operation } = route;
  if ('deployment' in operation) {
    await serveBilled(simulation, request, response, {
      resource,
      api: operation.kind,
      deployment: operation.deployment,
    });
    return;
  }
  request.resume();
  await playDelivery(response, serveStored(simulation, request, resource, operation), toRealMs);
}

async function closeAll(servers: readonly Server[]): Promise<void> {
  await Promise.all(
    servers.map((server) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    }),
  );
}
