import type { MemoryTeam } from '../../src/core/adapters/memory/memory-state.ts';
import { probeTeam } from '../../src/core/routing/plan-probe.ts';
import { Clients } from './clients.ts';
import { isEarlierJob } from './earlier-jobs.ts';
import { compareBills, findBrokenPromises } from './find-broken-promises.ts';
import { type Cluster, findRunning, planIncidents, runProbes, runRetention, runSweeps } from './incidents.ts';
import { runQueueHost } from './queue-host.ts';
import { isHistory } from './seed-history.ts';
import { SimulatedService } from './simulated-upstream.ts';
import { type RunningProcess, startProcess } from './start-process.ts';
import type { FaultName, Violation } from './trace.ts';
import { Witness } from './witness.ts';
import { makeWorld } from './world.ts';

/** What one seed came to. */
export interface SeedResult {
  readonly seed: number;
  /** The first broken promise; null when every one was kept. */
  readonly violation: Violation | null;
  readonly steps: number;
  /** Equal for equal histories. */
  readonly digest: string;
  readonly injected: ReadonlyMap<FaultName, number>;
  /** Probes of deployments included. */
  readonly jobsAccepted: number;
  readonly probes: number;
  readonly jobsEnded: number;
  /** Both rows of these were deleted by hand before they had ended: nothing is left that could end. */
  readonly jobsWipedOut: number;
  readonly calls: number;
  readonly charges: number;
  /** Rows that this run wrote; what was on record before it began is not counted. */
  readonly usageRows: number;
  readonly unknownOutcomes: number;
  /** Whether the service's bill is on the accounts, call by call; null when the run was cut off before its end. */
  readonly isBillRight: boolean | null;
  /** Virtual time from the end of the faults until the last job ended. */
  readonly recoveryMs: number;
}

/** The time that everything accepted has to end in, once faults have stopped. */
export const mostRecoveryMs = 15 * 60_000;
const sliceMs = 2000;
/** Watched after the last job has ended: nothing may stir. */
const quietMs = 30_000;

/** Runs one seed to its end or to its first broken promise; `print` gets every step. */
export async function runSeed(seed: number, print: ((line: string) => void) | null = null): Promise<SeedResult> {
  const world = makeWorld(seed, print);
  const { time, trace, weather, link } = world;
  const witness = new Witness(world);
  const service = new SimulatedService(world, witness);
  const started: RunningProcess[] = [];
  const cluster: Cluster = { world, started };
  const clients = new Clients(world, () => started);
  const keepAlive = () => {
    while (findRunning(cluster).length < weather.processes) {
      const running = startProcess(world, witness, service, started.length);
      trace.note(`${running.process.name} starts`);
      started.push(running);
      void runQueueHost(world, running);
    }
  };
  keepAlive();
  planIncidents(cluster);
  void runSweeps(cluster);
  void runRetention(cluster);
  void runProbes(cluster);
  const draws = world.draw('arrivals');
  for (let number = 0; number < weather.jobs; number += 1) {
    time.at(world.startMs + Math.round(draws.uniform(0, weather.faultyMs * 0.8)), () => void clients.submit(number));
  }
  const faultsEndMs = world.startMs + weather.faultyMs;
  const runUntil = async (endMs: number, isOver: () => boolean) => {
    while (time.nowMs < endMs && trace.violation === null && !isOver()) {
      await time.run(Math.min(endMs, time.nowMs + sliceMs));
      // The platform replaces a lost process some seconds later.
      keepAlive();
    }
  };
  await runUntil(faultsEndMs, () => false);
  link.isFaulty = false;
  link.isDown = false;
  trace.note('faults stop');
  for (const { process } of started) process.thaw();
  const isSettled = () => [...world.state.teams.values()].every(hasSettled);
  await runUntil(faultsEndMs + 20_000, () => false);
  await runUntil(faultsEndMs + mostRecoveryMs, isSettled);
  const recoveryMs = Math.max(0, ...[...witness.endedAtMs.values()].map((atMs) => atMs - faultsEndMs));
  await runUntil(time.nowMs + quietMs, () => false);
  // A test of a deployment that is still out may have begun meanwhile.
  await runUntil(time.nowMs + quietMs, isSettled);
  const remains = { world, witness, service, clients };
  const isBillRight = trace.violation === null ? compareBills(remains).next().done === true : null;
  if (trace.violation === null) for (const what of findBrokenPromises(remains)) trace.violate(what);
  const usage = [...world.state.teams.values()]
    .flatMap((team) => [...team.usage.values()])
    .filter((row) => !isHistory(row));
  return {
    seed,
    violation: trace.violation,
    steps: trace.step,
    digest: trace.digest,
    injected: trace.injected,
    jobsAccepted: witness.accepted.size,
    probes: [...witness.accepted.values()].filter(({ team }) => team === probeTeam).length,
    jobsEnded: [...witness.endedAtMs.keys()].filter((id) => !isEarlierJob(id)).length,
    jobsWipedOut: [...witness.accepted.keys()].filter((id) => world.hand.wipedOut.has(id) && !witness.endedAtMs.has(id))
      .length,
    calls: service.calls.length,
    charges: service.calls.filter(({ charge }) => charge !== null).length,
    usageRows: usage.length,
    unknownOutcomes: usage.filter(({ outcome }) => outcome === 'unknown').length,
    isBillRight,
    recoveryMs,
  };
}

/** Whether nothing is left to do for a team: no live row, no job on record as open, no money held. */
function hasSettled({ live, jobs, budgets }: MemoryTeam): boolean {
  const isOpen = [...jobs.values()].some(({ end }) => end === null);
  const isHeld = [...budgets.values()].some(({ value }) => value.heldNanoUsd !== 0);
  return live.size === 0 && !isOpen && !isHeld;
}
