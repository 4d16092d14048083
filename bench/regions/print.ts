import type { Goal } from './goals.ts';
import type { Failovers, Latencies, PhaseFigures } from './measure.ts';

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

/** Calls per job of the troubles that the goal of 1.1 does not name, so that nobody takes them for hidden. */
export function printOtherCalls(phases: readonly PhaseFigures[]): string {
  const others = phases.filter(({ trouble }) => trouble === 'black-hole' || trouble === 'all-out');
  const figures = others.map(({ phase, callsPerJob }) => `${phase} ${callsPerJob.toFixed(3)}`).join(', ');
  return `  · not in that goal of calls ÷ jobs, which names 503, slow and capacity: ${figures}\n`;
}

/** Where the time of a failover went, by trouble. */
export function printFailovers(failovers: readonly Failovers[]): string {
  const head = [
    'p50 / p99 in ms',
    'moved on',
    'waited',
    'in all',
    'storage',
    'trips',
    'claim',
    'ledger',
    'storage apart',
  ];
  const both = ({ p50, p99 }: Latencies) => `${p50.toFixed(0)} / ${p99.toFixed(0)}`;
  const rows = failovers.map(({ trouble, moved, waited, all, storage, storageTrips, claim, ledger, apart }) => [
    trouble,
    String(moved),
    String(waited),
    both(all),
    both(storage),
    storageTrips.toFixed(1),
    both(claim),
    both(ledger),
    both(apart),
  ]);
  return `  from a failed call to the same job's next call\n${[head, ...rows].map(printRow).join('')}`;
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
