import type { Draws } from '../../bench/capacity/seeded.ts';
import { probeDeployments } from '../../src/core/gateway/probe-deployments.ts';
import { retain } from '../../src/core/gateway/retain.ts';
import { sweep } from '../../src/core/gateway/sweep.ts';
import { lanes } from '../../src/core/jobs/job.ts';
import { shrinkConfig } from './make-config.ts';
import { runGuarded } from './run-guarded.ts';
import type { RunningProcess } from './start-process.ts';
import type { World } from './world.ts';

/** What the incidents act on. */
export interface Cluster {
  readonly world: World;
  /** Every process that was started, dead ones too. */
  readonly started: readonly RunningProcess[];
}

/** Messages that nobody but a hand can have written. */
export const garbledTexts: readonly string[] = [
  '{',
  'null',
  '{"v":99,"team":"search"}',
  '{"v":1,"team":"search","job":"job_of_nobody"}',
];

/** An outage begins when somebody works, or after this. */
const waitsForWorkMs = 20_000;
const sweepEveryMs = 15_000;
const probeEveryMs = 5000;

/** The timer: one sweep every quarter of a minute in some process, now and then in two at once. Goes on after the faults. */
export async function runSweeps(cluster: Cluster): Promise<void> {
  const { world } = cluster;
  const draws = world.draw('sweeps');
  for (;;) {
    await world.time.sleep(sweepEveryMs);
    const running = findRunning(cluster);
    const sweepers = draws.next() < 0.3 ? 2 : 1;
    if (sweepers === 2 && running.length > 0) world.trace.count('sweep overlapped');
    for (let number = 0; number < sweepers; number += 1) {
      const chosen = oneOf(draws, running);
      if (chosen !== undefined) void runGuarded(world, chosen, 'the sweep', () => sweep(chosen.ports));
    }
  }
}

/** The timer that tests deployments which no work tests, in some process. Goes on after the faults. */
export async function runProbes(cluster: Cluster): Promise<void> {
  const { world } = cluster;
  const draws = world.draw('probes');
  for (;;) {
    await world.time.sleep(probeEveryMs);
    const chosen = oneOf(draws, findRunning(cluster));
    if (chosen !== undefined) void runGuarded(world, chosen, 'the probe', () => probeDeployments(chosen.ports));
  }
}

/** The hourly timer, much more often, so that it meets jobs in every state and its own last run. Goes on after the faults. */
export async function runRetention(cluster: Cluster): Promise<void> {
  const { world } = cluster;
  const draws = world.draw('retention');
  for (;;) {
    await world.time.sleep(Math.round(draws.uniform(3000, 20_000)));
    const chosen = oneOf(draws, findRunning(cluster));
    if (chosen !== undefined) void runGuarded(world, chosen, 'the retention', () => retain(chosen.ports));
  }
}

/** Plans everything that happens to processes, clocks, queues and configuration while faults last. */
export function planIncidents(cluster: Cluster): void {
  const { world } = cluster;
  const { time, trace, weather } = world;
  const { everyMs } = weather;
  const repeat = (name: string, meanMs: number | null, happen: (draws: Draws) => void) => {
    if (meanMs === null) return;
    const draws = world.draw(name);
    const next = () => {
      const atMs = time.nowMs + Math.round(-Math.log(1 - draws.next()) * meanMs);
      if (atMs >= world.startMs + weather.faultyMs) return;
      time.at(atMs, () => {
        happen(draws);
        next();
      });
    };
    next();
  };
  repeat('kills', everyMs.kill, (draws) => {
    const victim = oneOf(draws, findRunning(cluster));
    if (victim === undefined) return;
    trace.count('process killed at a random moment', victim.process.name);
    victim.process.kill();
  });
  repeat('drains', everyMs.drain, (draws) => {
    const chosen = oneOf(draws, findRunning(cluster));
    if (chosen === undefined) return;
    trace.count('process drained', chosen.process.name);
    void chosen.ports.drain.begin(chosen.ports.clock, weather.graceMs).then(() => chosen.process.kill());
  });
  repeat('jumps', everyMs.jump, (draws) => {
    const chosen = oneOf(draws, findRunning(cluster));
    if (chosen === undefined) return;
    const byMs = Math.round(draws.uniform(-5000, 5000));
    trace.count('clock jumped', `${chosen.process.name} by ${byMs}`);
    chosen.process.jump(byMs);
  });
  repeat('losses', everyMs.loss, (draws) => {
    const lane = lanes[Math.floor(draws.next() * lanes.length)] ?? 'bulk';
    const messages = world.state.queues[lane];
    if (messages.length === 0) return;
    trace.count('message lost', lane);
    messages.splice(Math.floor(draws.next() * messages.length), 1);
  });
  repeat('garbling', everyMs.garble, (draws) => {
    const lane = lanes[Math.floor(draws.next() * lanes.length)] ?? 'bulk';
    trace.count('message garbled', lane);
    world.state.writes += 1;
    const id = world.state.writes;
    world.state.queues[lane].push({
      id,
      text: oneOf(draws, garbledTexts) ?? '{',
      visibleAtMs: time.nowMs,
      dequeueCount: 0,
    });
  });
  repeat('hand', weather.handEveryMs, (draws) => world.hand.strike(draws));
  const draws = world.draw('single incidents');
  if (weather.outageMs > 0) {
    const firstMs = world.startMs + Math.round(draws.uniform(1000, weather.faultyMs / 2));
    time.at(firstMs, () => beginOutage(cluster, draws, firstMs + waitsForWorkMs));
  }
  if (weather.changesConfig) {
    time.at(world.startMs + Math.round(draws.uniform(1000, weather.faultyMs)), () => {
      trace.count('configuration changed');
      world.config = shrinkConfig(world.config, draws.next() < 0.5 ? 'team' : 'deployment');
    });
  }
}

/** Takes storage away while somebody works, so that there are answers in hand; when it is back, a sweep may be the first to come. */
function beginOutage(cluster: Cluster, draws: Draws, latestMs: number): void {
  const { world } = cluster;
  const { time, trace, weather, link } = world;
  const isAtWork = [...world.state.teams.values()].some(({ live }) =>
    [...live.values()].some(({ value }) => value.state === 'running'),
  );
  if (!isAtWork && time.nowMs < latestMs) {
    time.at(time.nowMs + 100, () => beginOutage(cluster, draws, latestMs));
    return;
  }
  trace.count('storage outage', `of ${weather.outageMs} ms`);
  link.isDown = true;
  time.at(time.nowMs + weather.outageMs, () => {
    link.isDown = false;
    const chosen = oneOf(draws, findRunning(cluster));
    if (chosen !== undefined) void runGuarded(world, chosen, 'the sweep', () => sweep(chosen.ports));
  });
}

/** Processes that are alive and not on their way out. */
export function findRunning({ started }: Cluster): readonly RunningProcess[] {
  return started.filter(({ process, ports }) => process.isAlive && !ports.drain.isDraining);
}

function oneOf<T>(draws: Draws, list: readonly T[]): T | undefined {
  return list[Math.floor(draws.next() * list.length)];
}
