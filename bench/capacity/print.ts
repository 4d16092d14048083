import type { BenchCase } from './bench-case.ts';
import { type Check, isMet } from './check.ts';
import { type Figures, short } from './measure.ts';

/** One case's checks with their goals; of several seeds the worst. */
export function printCase(
  { name, about, seeds }: Pick<BenchCase, 'name' | 'about' | 'seeds'>,
  checks: readonly Check[],
  summary: string,
): string {
  const lines = checks.map((check) => {
    const { figure, value, is, goal, instead } = check;
    const asked = (instead ?? null) === null ? '' : `   (asked: ${instead})`;
    return `  ${isMet(check) ? '✓' : '✗'} ${figure.padEnd(42)}${short(value).padStart(9)}   ${is === 'at least' ? '≥' : '≤'} ${goal}${asked}\n`;
  });
  const of = seeds === 1 ? '' : ` [worst of ${seeds} seeds]`;
  return `\n${name}: ${about}${of}\n${lines.join('')}  · ${summary}\n`;
}

const columns = ['util %', '429/job', 'lost', 'p50 s', 'p99 s', 'ops/job', 'int. p95'] as const;

/** Weir and its peers side by side on one scenario. */
export function printCompared(
  name: string,
  rows: readonly { readonly strategy: string; readonly figures: Figures }[],
): string {
  const head = `\n${name}, side by side\n  ${'strategy'.padEnd(34)}${columns.map((title) => title.padStart(10)).join('')}\n`;
  const body = rows.map(({ strategy, figures }) => {
    const slow = figures.waits['bulk'] ?? figures.waits['standard'];
    const cells = [
      figures.utilisation * 100,
      figures.throttledPerJob,
      figures.lost,
      slow?.p50 ?? Number.NaN,
      slow?.p99 ?? Number.NaN,
      figures.operationsPerJob,
      figures.waits['interactive']?.p95 ?? Number.NaN,
    ];
    return `  ${strategy.padEnd(34)}${cells.map((cell) => short(cell).padStart(10)).join('')}\n`;
  });
  return head + body.join('');
}
