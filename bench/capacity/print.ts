import type { Figures } from './measure.ts';
import type { Scenario } from './scenario.ts';
import type { Check } from './scenarios.ts';

/** One scenario's result with the goals beside it. */
export function printScenario(scenario: Scenario, about: string, figures: Figures, checks: readonly Check[]): string {
  const lines = checks.map(
    ({ figure, value, goal, isMet }) =>
      `  ${isMet ? '✓' : '✗'} ${figure.padEnd(32)}${short(value).padStart(9)}   ${goal}\n`,
  );
  return `\n${scenario.name} (seed ${scenario.seed}): ${about}\n${lines.join('')}  · ${summarise(figures)}\n`;
}

/** Weir and its peers side by side on one scenario. */
export function printPeers(
  name: string,
  rows: readonly { readonly name: string; readonly figures: Figures }[],
): string {
  const head = `\n${name}, side by side\n  ${'strategy'.padEnd(34)}${[
    'util %',
    '429/job',
    'lost',
    'p50 s',
    'p99 s',
    'ops/job',
    'int. p95',
  ]
    .map((title) => title.padStart(10))
    .join('')}\n`;
  const body = rows.map(({ name: strategy, figures }) => {
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

function summarise(figures: Figures): string {
  const waits = Object.entries(figures.waits).map(
    ([lane, { p50, p95, p99 }]) => `${lane} wait p50/p95/p99 ${short(p50)}/${short(p95)}/${short(p99)} s`,
  );
  const parts = [
    `util ${short(figures.utilisation * 100)} %`,
    `${figures.done} done`,
    `${short(figures.operationsPerJob)} ops/job, ${short(figures.lostCommitsPart * 100)} % lost`,
    `${short(figures.parksPerJob)} parks/job`,
    ...waits,
    `${short(figures.realMs / 1000)} s real`,
  ];
  return parts.join(' · ');
}

function short(value: number): string {
  if (Number.isNaN(value)) return '–';
  if (Number.isInteger(value)) return String(value);
  return value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(3);
}
