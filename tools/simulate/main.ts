import { parseArgs } from 'node:util';
import { printReport } from './print-report.ts';
import { runSeed, type SeedResult } from './run-seed.ts';

const usage = `npm run simulate -- [--seed N] [--runs M] [--stop] [--trace]

  --seed N    first seed (default 1)
  --runs M    number of seeds, one after the other (default 200)
  --stop      stop at the first broken promise
  --trace     print every step; for one seed

Runs the gateway's use cases over storage in memory and a virtual clock, with faults at every port, and checks the promises of
docs/reliability.md after every step. Exit code 1: a promise was broken; the seed and the step are printed.`;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    runs: { type: 'string', default: '200' },
    stop: { type: 'boolean', default: false },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const runs = Number(values.runs);
if (values.help) {
  console.log(usage);
  process.exit(0);
}
if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(runs) || runs < 1) {
  console.error(`Whole numbers are needed, received --seed ${values.seed} --runs ${values.runs}.\n\n${usage}`);
  process.exit(2);
}

const results: SeedResult[] = [];
const startedAtMs = performance.now();
for (let next = seed; next < seed + runs; next += 1) {
  const result = await runSeed(next, values.trace ? (line) => console.log(line) : null);
  results.push(result);
  const { violation } = result;
  if (violation !== null) {
    console.log(`seed ${next}, step ${violation.step}, ${violation.atMs / 1000} s: ${violation.what}`);
    console.log(`  replay: npm run simulate -- --seed ${next} --runs 1 --trace`);
  }
  if (violation !== null && values.stop) break;
  if (results.length % 500 === 0) console.error(`${results.length} of ${runs} seeds`);
}
printReport(results, performance.now() - startedAtMs);
process.exit(results.some(({ violation }) => violation !== null) ? 1 : 0);
