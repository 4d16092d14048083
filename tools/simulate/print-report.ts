import type { SeedResult } from './run-seed.ts';
import { faultNames } from './trace.ts';

/** Prints what was injected and what came of it, over all seeds. */
export function printReport(results: readonly SeedResult[], tookMs: number): void {
  const first = results[0]?.seed ?? 0;
  const last = results.at(-1)?.seed ?? first;
  const sum = (pick: (result: SeedResult) => number) => results.reduce((total, result) => total + pick(result), 0);
  const line = (name: string, value: number | string) => console.log(`${name.padEnd(52)}${String(value).padStart(12)}`);
  console.log('\nfault'.padEnd(53) + 'injected'.padStart(12));
  for (const fault of faultNames)
    line(
      fault,
      sum(({ injected }) => injected.get(fault) ?? 0),
    );
  console.log('');
  const broken = results.filter(({ violation }) => violation !== null).length;
  const [accepted, ended] = [sum(({ jobsAccepted }) => jobsAccepted), sum(({ jobsEnded }) => jobsEnded)];
  const calls = sum((result) => result.calls);
  line('jobs accepted', accepted);
  line('jobs ended, each exactly once', ended);
  line('calls', calls);
  line('calls / jobs', (calls / Math.max(1, accepted)).toFixed(3));
  line(
    'calls that the service charged',
    sum(({ charges }) => charges),
  );
  line(
    'usage rows',
    sum(({ usageRows }) => usageRows),
  );
  line(
    'usage rows of unknown outcome',
    sum(({ unknownOutcomes }) => unknownOutcomes),
  );
  line('bill = usage rows', broken === 0 ? 'in every run' : 'see above');
  line(
    'steps',
    sum(({ steps }) => steps),
  );
  line('longest recovery after the last fault, s', Math.max(0, ...results.map(({ recoveryMs }) => recoveryMs)) / 1000);
  line('seeds', `${first}–${last}`);
  line('seeds with a broken promise', broken);
  line('took, s', (tookMs / 1000).toFixed(1));
}
