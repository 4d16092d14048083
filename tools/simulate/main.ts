import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { printReport } from './print-report.ts';
import { runSeed, type SeedResult } from './run-seed.ts';
import { runSeeds } from './run-seeds.ts';

const usage = `npm run simulate -- [--seed N] [--runs M] [--jobs J] [--stop] [--trace]

  --seed N    first seed (default 1)
  --runs M    number of seeds (default 200)
  --jobs J    seeds at once, each on a core of its own (default 1; this machine has ${availableParallelism()})
  --stop      stop at the first broken promise
  --trace     print every step; for one seed

Runs the gateway's use cases over storage in memory and a virtual clock, with faults at every port, and checks the promises of
docs/reliability.md after every step. Exit code 1: a promise was broken; the seed and the step are printed.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '200' },
    jobs: { type: 'string', default: '1' },
    stop: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
const [first, runs, jobs] = [Number(values.seed), Number(values.runs), Number(values.jobs)];
if (![first, runs, jobs].every(Number.isSafeInteger) || runs < 1 || jobs < 1) {
  const received = `--seed ${values.seed} --runs ${values.runs} --jobs ${values.jobs}`;
  console.error(`Whole numbers are needed, runs and jobs from 1; received ${received}.\n\n${usage}`);
  process.exit(2);
}
if (values.trace && runs > 1) {
  console.error(`--trace prints thousands of lines for one seed: give --runs 1 with it, received --runs ${runs}.`);
  process.exit(2);
}

const isBroken = ({ violation }: SeedResult) => violation !== null;
const tell = ({ seed, violation }: SeedResult, done: number) => {
  if (violation !== null) {
    console.log(`seed ${seed}, step ${violation.step}, ${violation.atMs / 1000} s: ${violation.what}`);
    console.log(`  replay: npm run simulate -- --seed ${seed} --runs 1 --trace`);
  }
  if (done % 500 === 0) console.error(`${done} of ${runs} seeds`);
};

const startedAtMs = performance.now();
let results: readonly SeedResult[];
if (values.trace) {
  results = [await runSeed(first, (line) => console.log(line))];
  for (const result of results) tell(result, 1);
} else {
  results = await runSeeds({ first, runs, jobs }, tell, (result) => values.stop && isBroken(result));
}
printReport(results, performance.now() - startedAtMs);
process.exit(results.some(isBroken) ? 1 : 0);
