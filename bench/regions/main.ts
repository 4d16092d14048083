import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { checkFailovers, checkGoals, type Goal } from './goals.ts';
import {
  type Exit,
  type Failovers,
  measureExits,
  measureFailovers,
  measurePhases,
  measureRecoveries,
  type PhaseFigures,
  type Recovery,
} from './measure.ts';
import { peers } from './peers.ts';
import { printFailovers, printGoals, printOtherCalls, printPhases } from './print.ts';
import { runScenario } from './run-scenario.ts';
import { startWeir } from './run-weir.ts';
import { interactiveScenario, largeScenario, type RegionScenario, smallScenario } from './scenario.ts';
import { timeFailover } from './time-failover.ts';

const usage = `npm run bench -- regions [--no-peers] [--only-small] [--real] [--json FILE]

One of three regions answers 503 for a minute, then ten times slower, then 429 for lack of capacity, then nothing at all; then all three answer
503. All under half of the quota; a third scenario has interactive jobs alone.
Weir is the real gateway (accept, queue, pump, breaker, attempts, sweep, probes) over memory storage in virtual time; the openai SDK
and cockatiel run as they are, on virtual timers. A failover's waiting is measured there too, its computing as processor time. --real adds a run of real processes: host, Azurite and simulator. Seeds are fixed.
`;

interface Run {
  readonly scenario: string;
  readonly system: string;
  readonly phases: readonly PhaseFigures[];
  readonly exits?: readonly Exit[];
  readonly recoveries?: readonly Recovery[];
  readonly failovers?: readonly Failovers[];
  readonly goals?: readonly Goal[];
}

/** The bench of issue "Regions". Returns the exit code: 1 when a goal was missed. */
export async function benchRegions(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      'no-peers': { type: 'boolean', default: false },
      'only-small': { type: 'boolean', default: false },
      real: { type: 'boolean', default: false },
      json: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(usage);
  // First: afterwards this process has garbage to collect.
  const work = await timeFailover();
  const { failovers, p50, p99 } = work;
  say(
    `\nWhat a failover computes, ${failovers} of them: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms of a processor\n`,
  );
  const runs: Run[] = [];
  for (const scenario of values['only-small'] ? [smallScenario] : [smallScenario, largeScenario, interactiveScenario]) {
    runs.push(await runWeir(scenario));
    if (!values['no-peers']) runs.push(...(await runPeers(scenario)));
  }
  const failover = checkFailovers(
    runs.flatMap((run) => run.failovers ?? []),
    work,
  );
  say(`\nEvery scenario of Weir together\n${printGoals([failover])}`);
  const goals = [...runs.flatMap((run) => run.goals ?? []), failover];
  if (values.real) {
    const { runReal } = await import('./run-real.ts');
    goals.push(...(await runReal(say)));
  }
  const met = goals.filter(({ isMet }) => isMet).length;
  say(`\ngoals met: ${met} of ${goals.length}\n`);
  if (values.json !== undefined)
    await writeFile(
      values.json,
      `${JSON.stringify({ runs, failover, computingMs: { failovers, p50, p99 } }, null, 2)}\n`,
    );
  return met === goals.length ? 0 : 1;
}

async function runWeir(scenario: RegionScenario): Promise<Run> {
  const { world, system } = await runScenario(scenario, startWeir);
  const phases = measurePhases(world);
  const exits = measureExits(world, system.notices);
  const recoveries = measureRecoveries(world);
  const rows = system.usageRows();
  const failovers = measureFailovers(world, system.wayBetween);
  const goals = [
    ...checkGoals(scenario, phases, exits, recoveries),
    {
      figure: 'attempts on the accounts ÷ calls',
      value: `${rows} ÷ ${world.calls.length}`,
      goal: '= 1',
      isMet: rows === world.calls.length,
    },
  ];
  say(printPhases(`Weir: ${scenario.name} (seed ${scenario.seed})`, phases));
  say(printGoals(goals));
  say(printOtherCalls(phases));
  say(printFailovers(failovers));
  return { scenario: scenario.name, system: 'Weir', phases, exits, recoveries, failovers, goals };
}

async function runPeers(scenario: RegionScenario): Promise<Run[]> {
  const runs: Run[] = [];
  for (const [name, start] of Object.entries(peers)) {
    const { world } = await runScenario(scenario, start);
    const phases = measurePhases(world);
    say(printPhases(`${name}: ${scenario.name}`, phases));
    runs.push({ scenario: scenario.name, system: name, phases });
  }
  return runs;
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}
