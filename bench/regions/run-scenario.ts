import { draw } from '../capacity/seeded.ts';
import { withVirtualTimers } from '../virtual-timers.ts';
import { jobsPerSecond, type RegionScenario } from './scenario.ts';
import { type BenchJob, World } from './world.ts';

/** Whatever works on jobs. `submit` begins a job and need not wait for its end. */
export interface System {
  submit(job: BenchJob): Promise<void>;
}

/** How long after its last phase a run waits for the jobs that are left. */
const restMs = 120_000;

/** Runs a scenario: jobs come at random moments at a steady rate through all phases. */
export async function runScenario<S extends System>(
  scenario: RegionScenario,
  start: (world: World) => S,
): Promise<{ readonly world: World; readonly system: S }> {
  const world = new World(scenario);
  const system = start(world);
  const draws = draw(scenario.seed, 'arrivals');
  const endMs = world.startMs + scenario.phases.reduce((sum, { seconds }) => sum + seconds * 1000, 0);
  const rate = jobsPerSecond(scenario);
  for (let atMs = world.startMs; ; ) {
    atMs += (-Math.log(1 - draws.next()) * 1000) / rate;
    if (atMs >= endMs) break;
    world.time.at(atMs, () => {
      const job = world.open();
      system.submit(job).catch(() => world.close(job, false));
    });
  }
  await withVirtualTimers(world.time, () => world.time.run(endMs + restMs));
  return { world, system };
}
