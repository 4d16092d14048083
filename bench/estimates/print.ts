import type { CalibrationFigures } from './calibration.ts';
import type { CapFigures } from './cap-throughput.ts';
import type { PromptErrors } from './prompt-errors.ts';

const percent = (part: number) => `${(part * 100).toFixed(1)} %`;

/** Errors of prompt tokens, one line per kind and rule. */
export function printPromptErrors(rows: readonly PromptErrors[]): string {
  const lines = rows.flatMap(({ kind, rules, booking }) =>
    [...Object.entries(rules), ['booking ÷ charge', booking] as const].map(([rule, { p50, p95Absolute, under }]) =>
      line([kind, rule, percent(p50), percent(p95Absolute), percent(under)]),
    ),
  );
  return `\nprompt tokens: error against the simulator's count\n${line(['kind', 'rule', 'p50', 'p95 |e|', 'too low'])}${lines.join('')}`;
}

/** Throughput by who sets the cap. */
export function printCaps(rows: readonly CapFigures[]): string {
  const lines = rows.map((row) =>
    line([
      row.strategy,
      row.jobsPerMinute.toFixed(1),
      row.admittedToUsed.toFixed(2),
      percent(row.cutShort),
      row.callsPerJob.toFixed(3),
      String(row.cap ?? '-'),
    ]),
  );
  return `\noutput cap: one deployment of 100,000 TPM kept full\n${line(['cap', 'jobs/min', 'admitted ÷ used', 'cut short', 'calls/job', 'last cap'])}${lines.join('')}`;
}

/** Calibration by how the service charges. */
export function printCalibration(rows: readonly CalibrationFigures[]): string {
  const lines = rows.map((row) =>
    line([
      `× ${row.serviceFactor}`,
      row.learned.map((value) => value.toFixed(3)).join(' '),
      percent(row.error),
      row.throttledPerCall.toFixed(4),
      percent(row.utilisation),
    ]),
  );
  return `\ncalibration: every five minutes\n${line(['charge', 'learnt', 'error', '429/call', 'utilisation'])}${lines.join('')}\n`;
}

function line(cells: readonly string[]): string {
  return `  ${cells.map((cell) => cell.padEnd(17)).join(' ')}\n`;
}
