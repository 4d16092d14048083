import { withVirtualTimers } from '../../virtual-timers.ts';
import type { Figures } from '../measure.ts';
import { runScenario } from '../run-scenario.ts';
import type { Scenario } from '../scenario.ts';
import { draw } from '../seeded.ts';
import type { SimulatedJob } from '../simulated-job.ts';
import type { Simulation, WorkersOf } from '../simulation.ts';
import { Clients } from './clients.ts';
import type { Peer, Send } from './peers.ts';

/** The Functions host gives a failed message back at once; after five deliveries it is poisoned and lost. */
const mostDeliveries = 5;

/** Runs a scenario with a peer in Weir's place: the same jobs, host, service and time. */
export function runPeer(scenario: Scenario, peer: Peer): Promise<Figures> {
  return runScenario(scenario, peerWorkers(peer), virtually);
}

/** Timers, clock and random numbers of the packages follow the run, so that the same seed is the same run. */
async function virtually(simulation: Simulation, run: () => Promise<void>): Promise<void> {
  const { random } = Math;
  Math.random = draw(simulation.scenario.seed, 'packages').next;
  try {
    await withVirtualTimers(simulation.time, run);
  } finally {
    Math.random = random;
  }
}

function peerWorkers(peer: Peer): WorkersOf {
  return (simulation, _index, draws) => {
    const deliveries = new Map<string, number>();
    let send: Send | null = null;
    const handle = async (job: SimulatedJob): Promise<void> => {
      // Made at the first job: a limiter that is made before the run begins would use real timers.
      send ??= peer(new Clients(simulation, draws), simulation);
      try {
        await send(job);
        job.isDone = true;
      } catch {
        const count = (deliveries.get(job.id) ?? 0) + 1;
        deliveries.set(job.id, count);
        // Nobody comes back for a poisoned message.
        job.dueMs = count >= mostDeliveries ? Number.POSITIVE_INFINITY : simulation.time.nowMs;
      }
    };
    return { handle, forecast: null, leave: null, tokensInLine: null };
  };
}
