import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { measureBookkeeping } from './bookkeeping.ts';
import type { Figures } from './measure.ts';
import { peers } from './peers.ts';
import { printPeers, printScenario } from './print.ts';
import { benchReal } from './real/bench-real.ts';
import { runScenario } from './run-scenario.ts';
import { type Check, type NamedScenario, scenarios } from './scenarios.ts';
import { oneLineWorkers } from './weir-workers.ts';

const usage = `npm run bench -- capacity [--only NAME[,NAME…]] [--seeds N] [--peers | --no-peers] [--json FILE] [--list]

Runs Weir's booking policy and pump in virtual time: a simulated store that counts operations and loses ETag races,
the simulator's admission rules, 1 to 1,000 workers with clocks up to ±250 ms apart. Seeds are fixed: same code, same figures.

npm run bench -- capacity --real [--only eight | elastic] [--json FILE]
Real worker processes with the whole gateway, Azurite and the simulator, in real time: about seven minutes.
`;

interface Run {
  readonly name: string;
  readonly about: string;
  readonly seed: number;
  readonly figures: Figures;
  readonly checks: readonly Check[];
}

/** The bench of issue "Capacity": every scenario with its goal beside the result, peers in the same run. Returns the exit code. */
export async function benchCapacity(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      seeds: { type: 'string', default: '1' },
      json: { type: 'string' },
      list: { type: 'boolean', default: false },
      peers: { type: 'boolean', default: false },
      real: { type: 'boolean', default: false },
      'no-peers': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return say(usage);
  if (values.real) return benchReal(values.only, values.json, say);
  if (values.list) return say(scenarios.map(({ scenario, about }) => `${scenario.name.padEnd(30)}${about}\n`).join(''));
  const names = values.only?.split(',') ?? null;
  const chosen = scenarios.filter(({ scenario }) => names === null || names.includes(scenario.name));
  const runs: Run[] = [];
  for (const named of values.peers ? [] : chosen) runs.push(...(await runSeeds(named, Number(values.seeds))));
  const compared = values.peers || (names === null && !values['no-peers']) ? await comparePeers() : [];
  const bookkeeping = measureBookkeeping();
  say(
    `\nbookkeeping: ${bookkeeping.microsecondsPerJob.toFixed(0)} µs per job (decode, decide, encode; batches of ${bookkeeping.batch})\n`,
  );
  const met = runs.flatMap(({ checks }) => checks).filter(({ isMet }) => isMet).length;
  const all = runs.flatMap(({ checks }) => checks).length;
  say(`goals met: ${met} of ${all}\n`);
  if (values.json !== undefined)
    await writeFile(values.json, `${JSON.stringify({ runs, peers: compared, bookkeeping }, null, 2)}\n`);
  return met === all ? 0 : 1;
}

async function runSeeds(named: NamedScenario, seeds: number): Promise<Run[]> {
  const runs: Run[] = [];
  for (let index = 0; index < seeds; index += 1) {
    const scenario = { ...named.scenario, seed: named.scenario.seed + index };
    const figures = await runScenario(scenario);
    const checks = named.check(figures);
    say(printScenario(scenario, named.about, figures, checks));
    runs.push({ name: scenario.name, about: named.about, seed: scenario.seed, figures, checks });
  }
  return runs;
}

async function comparePeers(): Promise<{ name: string; scenario: string; figures: Figures }[]> {
  const results = [];
  for (const name of ['saturation-8', 'mixed-8', 'saturation-8-hints-of-a-day']) {
    const found = scenarios.find(({ scenario }) => scenario.name === name);
    if (found === undefined) continue;
    const rows = [{ name: 'Weir', scenario: name, figures: await runScenario(found.scenario) }];
    rows.push({
      name: 'Weir, one unpaced line for all',
      scenario: name,
      figures: await runScenario(found.scenario, oneLineWorkers),
    });
    for (const [peer, workersOf] of Object.entries(peers)) {
      rows.push({ name: peer, scenario: name, figures: await runScenario(found.scenario, workersOf) });
    }
    say(printPeers(name, rows));
    results.push(...rows);
  }
  return results;
}

function say(text: string): number {
  process.stdout.write(text);
  return 0;
}
