import type { Lane } from '../../src/core/jobs/job.ts';
import { type Figures, measure } from './measure.ts';
import type { Scenario } from './scenario.ts';
import { draw } from './seeded.ts';
import type { WorkersOf } from './simulation.ts';
import { Simulation } from './simulation.ts';
import { weirWorkers } from './weir-workers.ts';

/** What surrounds the running of a simulation, such as virtual timers for code that keeps its own time. */
type Surround = (simulation: Simulation, run: () => Promise<void>) => Promise<void>;

/** Runs one scenario in virtual time and measures it; `workersOf` is Weir unless something else is compared. */
export async function runScenario(
  scenario: Scenario,
  workersOf: WorkersOf = weirWorkers,
  surround: Surround = (_simulation, run) => run(),
): Promise<Figures> {
  const simulation = new Simulation(scenario, workersOf);
  submitStreams(simulation, scenario);
  planIncidents(simulation, scenario);
  simulation.startSweep();
  const realStart = performance.now();
  await surround(simulation, () => runToEnd(simulation));
  const tokensInLine = await simulation.tokensInLine();
  return measure(simulation, { realMs: performance.now() - realStart, tokensInLine });
}

async function runToEnd(simulation: Simulation): Promise<void> {
  const { time, startMs, scenario } = simulation;
  const endMs = startMs + scenario.seconds * 1000;
  await time.run(startMs + 1000);
  if (!scenario.isFinite) return time.run(endMs);
  while (time.nowMs < endMs && !simulation.isAllDone()) await time.run(time.nowMs + 1000);
}

function submitStreams(simulation: Simulation, scenario: Scenario): void {
  for (const [index, stream] of scenario.streams.entries()) {
    const draws = draw(scenario.seed, `stream ${index}`);
    const submit = (lane: Lane, atMs: number) => {
      const size = (stream.size ?? simulation.referenceSize)(draws);
      simulation.time.at(atMs, () => simulation.submit(lane, stream.team, size));
    };
    for (let count = 0; count < (stream.standing ?? 0); count += 1) submit(stream.lane, simulation.startMs);
    for (const burst of stream.bursts ?? []) {
      for (let count = 0; count < burst.count; count += 1) submit(stream.lane, simulation.startMs + burst.atS * 1000);
    }
    if (stream.perSecond === undefined) continue;
    const untilMs = simulation.startMs + (stream.untilS ?? scenario.seconds) * 1000;
    let atMs = simulation.startMs + (stream.fromS ?? 0) * 1000;
    for (;;) {
      atMs += (-Math.log(1 - draws.next()) * 1000) / stream.perSecond;
      if (atMs >= untilMs) break;
      submit(stream.lane, atMs);
    }
  }
}

function planIncidents(simulation: Simulation, scenario: Scenario): void {
  for (const incident of scenario.incidents) {
    const atMs = simulation.startMs + incident.atS * 1000;
    if (incident.kind === 'foreign') {
      for (let at = atMs; at < simulation.startMs + incident.untilS * 1000; at += 200) {
        simulation.time.at(at, () => simulation.takeForeign(incident.tokensPerSecond / 5));
      }
    } else simulation.time.at(atMs, () => simulation.meet(incident));
  }
}
