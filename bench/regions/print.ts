import type { Goal } from './goals.ts';
import type { PhaseFigures } from './measure.ts';

export function printPhases(name: string, phases: readonly PhaseFigures[]): string {
  const head = ['phase', 'jobs', 'ok %', 'calls/job', 'p50 s', 'p99 s', 'others p99 s', 'calls to region'];
  const rows = phases.map(({ phase, jobs, succeeded, callsPerJob, all, others, callsToTroubled }) => [
    phase,
    String(jobs),
    (succeeded * 100).toFixed(1),
    callsPerJob.toFixed(3),
    (all.p50 / 1000).toFixed(2),
    (all.p99 / 1000).toFixed(2),
    (others.p99 / 1000).toFixed(2),
    String(callsToTroubled),
  ]);
  return `\n${name}\n${[head, ...rows].map(printRow).join('')}`;
}

export function printGoals(goals: readonly Goal[]): string {
  return goals
    .map(
      ({ figure, value, goal, isMet }) =>
        `  ${isMet ? '✓' : '✗'} ${figure.padEnd(36)}${value.padStart(22)}   ${goal}\n`,
    )
    .join('');
}

function printRow(cells: readonly string[]): string {
  const [first = '', ...rest] = cells;
  return `  ${first.padEnd(20)}${rest.map((cell) => cell.padStart(cell.length > 12 ? 17 : 13)).join('')}\n`;
}
