import type { Draws } from './seeded.ts';
import { chargeOf, type SimulatedJob } from './simulated-job.ts';
import { arrive, hintOf, type ServiceDeployment } from './simulated-service.ts';
import type { Simulation, WorkersOf } from './simulation.ts';

/**
 * What apps do today, in the same virtual time and against the same admission rules. The openai SDK's waits are modelled from
 * its documented behaviour: it obeys a hint of up to 60 s, otherwise 0.5 s doubling to 8 s less up to a quarter; the queue's
 * host gives a failed message back at once, five times, then it is poisoned and lost.
 */
interface Strategy {
  /** Retries inside one delivery of the message. */
  readonly retries: number;
  /** Waits before the retry; null gives this delivery up. */
  waitMs(attempt: number, hintMs: number | null, draws: Draws): number;
  /** Which deployment the attempt goes to. */
  choose(service: readonly ServiceDeployment[], attempt: number, first: number): ServiceDeployment | undefined;
  /** Calls in flight per process; Infinity: as many as there are slots. */
  readonly concurrency: number;
  /** Tokens per minute that one process allows itself, as a part of the pool's; null: no limit of its own. */
  readonly localShare: ((workers: number) => number) | null;
}

const MOST_DELIVERIES = 5;

const sdk = (retries: number): Strategy => ({
  retries,
  waitMs: (attempt, hintMs, draws) => {
    if (hintMs !== null && hintMs > 0 && hintMs <= 60_000) return hintMs;
    return Math.min(8000, 500 * 2 ** attempt) * (1 - draws.next() * 0.25);
  },
  choose: (service, _attempt, first) => service[first],
  concurrency: Number.POSITIVE_INFINITY,
  localShare: null,
});

const strategies: Readonly<Record<string, Strategy>> = {
  'openai SDK, default retries (2)': sdk(2),
  'openai SDK, 10 retries': sdk(10),
  'p-limit(24) around the SDK': { ...sdk(2), concurrency: 24 },
  'bottleneck, TPM ÷ N per process': { ...sdk(2), localShare: (workers) => 1 / workers },
  'immediate failover, then back-off': {
    ...sdk(5),
    choose: (service, attempt, first) => service[(first + attempt) % service.length],
    waitMs: (attempt, _hintMs, draws) =>
      attempt < 2 ? 0 : Math.min(8000, 500 * 2 ** (attempt - 2)) * (0.5 + draws.next() * 0.5),
  },
};

/** Peers by name. */
export const peers: Readonly<Record<string, WorkersOf>> = Object.fromEntries(
  Object.entries(strategies).map(([name, strategy]) => [
    name,
    (simulation, _index, draws) => peerWorker(simulation, strategy, draws),
  ]),
);

function peerWorker(simulation: Simulation, strategy: Strategy, draws: Draws) {
  const { scenario, time, service } = simulation;
  const deliveries = new Map<string, number>();
  const gate = makeGate(strategy.concurrency);
  const bucket = makeBucket(simulation, strategy);
  const handle = async (job: SimulatedJob): Promise<void> => {
    await bucket(chargeOf(job.size));
    await gate.enter();
    const isSent = await deliver(job);
    gate.leave();
    if (isSent) {
      job.isDone = true;
      return;
    }
    const count = (deliveries.get(job.id) ?? 0) + 1;
    deliveries.set(job.id, count);
    // Poisoned: nobody comes back for it.
    job.dueMs = count >= MOST_DELIVERIES ? Number.POSITIVE_INFINITY : time.nowMs;
  };
  return { handle, forecast: null, leave: null };

  async function deliver(job: SimulatedJob): Promise<boolean> {
    const first = Math.floor(draws.next() * service.length);
    for (let attempt = 0; attempt <= strategy.retries; attempt += 1) {
      const deployment = strategy.choose(service, attempt, first);
      if (deployment === undefined) return false;
      await time.sleep(draws.uniform(2, 25));
      const decision = arrive(deployment, chargeOf(job.size), time.nowMs, simulation.isMeasured);
      if (decision.outcome === 'admitted') {
        job.sentMs = time.nowMs;
        await time.sleep(500 + job.size.outputTokens * 20);
        return true;
      }
      job.throttled += 1;
      if (attempt === strategy.retries) return false;
      await time.sleep(30 + strategy.waitMs(attempt, hintOf(scenario.hints, decision.retryAfterMs), draws));
    }
    return false;
  }
}

function makeGate(concurrency: number) {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return {
    enter: (): Promise<void> => {
      if (inside < concurrency) {
        inside += 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    leave: (): void => {
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    },
  };
}

/** A reservoir that is filled once a minute, as bottleneck's is; first come, first served. */
function makeBucket(
  { time, service, scenario, startMs }: Simulation,
  { localShare }: Strategy,
): (tokens: number) => Promise<void> {
  if (localShare === null) return async () => {};
  const whole = service.reduce((sum, { limits }) => sum + limits.tokensPerMinute, 0) * localShare(scenario.workers);
  let minute = -1;
  let left = 0;
  let turn: Promise<void> = Promise.resolve();
  const take = async (tokens: number): Promise<void> => {
    for (;;) {
      const current = Math.floor((time.nowMs - startMs) / 60_000);
      if (current > minute) {
        minute = current;
        left = whole;
      }
      if (left >= tokens) {
        left -= tokens;
        return;
      }
      await time.sleep(startMs + (current + 1) * 60_000 - time.nowMs + 1);
    }
  };
  return (tokens) => {
    turn = turn.then(() => take(tokens));
    return turn;
  };
}
