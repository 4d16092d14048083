import Bottleneck from 'bottleneck';
import { ExponentialBackoff, handleAll, retry } from 'cockatiel';
import pLimit from 'p-limit';
import { chargeOf, type SimulatedJob } from '../simulated-job.ts';
import type { Simulation } from '../simulation.ts';
import type { Clients } from './clients.ts';

/** How one process of an app sends a job: resolves when it was answered, rejects when the app gives this delivery up. */
export type Send = (job: SimulatedJob) => Promise<unknown>;

/** Makes the sender of one process. Packages are loaded as they are; only their timers and their network are virtual. */
export type Peer = (clients: Clients, simulation: Simulation) => Send;

const sdk =
  (maxRetries: number): Peer =>
  (clients) =>
  (job) =>
    clients.ask(job, clients.anyRegion(), maxRetries);

/** What apps do today, by name. */
export const peers: Readonly<Record<string, Peer>> = {
  'openai SDK, default retries (2)': sdk(2),
  'openai SDK, 10 retries': sdk(10),
  'p-limit(24) around the SDK': (clients) => {
    const limit = pLimit(24);
    return (job) => limit(() => clients.ask(job, clients.anyRegion(), 2));
  },
  'bottleneck, TPM ÷ N per process': (clients, { service, scenario }) => {
    const ownTokens = service.reduce((sum, { limits }) => sum + limits.tokensPerMinute, 0) / scenario.workers;
    const limiter = new Bottleneck({
      reservoir: ownTokens,
      reservoirRefreshAmount: ownTokens,
      reservoirRefreshInterval: 60_000,
    });
    return (job) => limiter.schedule({ weight: chargeOf(job.size) }, () => clients.ask(job, clients.anyRegion(), 2));
  },
  'failover at once, then back-off': (clients) => {
    const backOff = retry(handleAll, {
      maxAttempts: 1,
      backoff: new ExponentialBackoff({ initialDelay: 1000, maxDelay: 60_000 }),
    });
    return (job) => backOff.execute(() => clients.askEach(job));
  },
};
