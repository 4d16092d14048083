import type { SeedResult } from './run-seed.ts';
import { faultNames } from './trace.ts';

/** Columns of the table of faults, in characters. */
const widths = [46, 10, 8, 10, 10, 14, 15];

/** Prints what was injected and what came of it: a line for each fault, over the seeds that met it, and one for all seeds. */
export function printReport(results: readonly SeedResult[], tookMs: number): void {
  printRow(['fault', 'injected', 'seeds', 'accepted', 'terminal', 'calls ÷ jobs', 'bill = ledger']);
  for (const fault of faultNames) {
    const met = results.filter(({ injected }) => injected.has(fault));
    printRow([fault, sumOf(met, ({ injected }) => injected.get(fault) ?? 0), ...describeRuns(met)]);
  }
  const injected = sumOf(results, (result) => [...result.injected.values()].reduce((sum, times) => sum + times, 0));
  printRow(['all seeds', injected, ...describeRuns(results)]);
  console.log(
    '\nA run meets many faults, so the lines overlap; the last one counts each run once. Bill and ledger are compared at the end of a run.\n',
  );
  const line = (name: string, value: number | string) => console.log(`${name.padEnd(50)}${String(value).padStart(14)}`);
  line(
    'jobs accepted',
    sumOf(results, ({ jobsAccepted }) => jobsAccepted),
  );
  line(
    'of them probes of deployments',
    sumOf(results, ({ probes }) => probes),
  );
  line(
    'jobs terminal, each exactly once',
    sumOf(results, ({ jobsEnded }) => jobsEnded),
  );
  line(
    'jobs of which both rows were deleted by hand',
    sumOf(results, ({ jobsWipedOut }) => jobsWipedOut),
  );
  line(
    'calls',
    sumOf(results, ({ calls }) => calls),
  );
  line(
    'calls that the service charged',
    sumOf(results, ({ charges }) => charges),
  );
  line(
    'usage rows',
    sumOf(results, ({ usageRows }) => usageRows),
  );
  line(
    'usage rows of unknown outcome',
    sumOf(results, ({ unknownOutcomes }) => unknownOutcomes),
  );
  line(
    'steps',
    sumOf(results, ({ steps }) => steps),
  );
  line('longest recovery after the last fault, s', Math.max(0, ...results.map(({ recoveryMs }) => recoveryMs)) / 1000);
  line('seeds', `${results[0]?.seed ?? 0}–${results.at(-1)?.seed ?? 0}`);
  line('seeds with a broken promise', results.filter(({ violation }) => violation !== null).length);
  line('took, s', (tookMs / 1000).toFixed(1));
}

/** Seeds, jobs accepted, jobs terminal, calls ÷ jobs, and whether every run's bill was its ledger. */
function describeRuns(results: readonly SeedResult[]): (string | number)[] {
  const accepted = sumOf(results, ({ jobsAccepted }) => jobsAccepted);
  const calls = sumOf(results, (result) => result.calls);
  const judged = results.filter(({ isBillRight }) => isBillRight !== null);
  const wrong = judged.filter(({ isBillRight }) => isBillRight === false).length;
  return [
    results.length,
    accepted,
    sumOf(results, ({ jobsEnded }) => jobsEnded),
    accepted === 0 ? '-' : (calls / accepted).toFixed(3),
    judged.length === 0 ? '-' : wrong === 0 ? 'yes' : `not in ${wrong}`,
  ];
}

function sumOf(results: readonly SeedResult[], pick: (result: SeedResult) => number): number {
  return results.reduce((total, result) => total + pick(result), 0);
}

function printRow(cells: readonly (string | number)[]): void {
  const [name = '', ...figures] = cells;
  const aligned = figures.map((figure, index) => String(figure).padStart(widths[index + 1] ?? 0));
  console.log(String(name).padEnd(widths[0] ?? 0) + aligned.join(''));
}
