import type { Exit, PhaseFigures } from './measure.ts';

/** One figure with its goal (issue "Regions", Speed). */
export interface Goal {
  readonly figure: string;
  readonly value: string;
  readonly goal: string;
  readonly isMet: boolean;
}

const backWithinMs = 15_000;
const mostFailures = 5;
const outWithinMs = 2000;

export function checkGoals(phases: readonly PhaseFigures[], exits: readonly Exit[]): Goal[] {
  const quiet = phases.find(({ phase }) => phase === 'quiet');
  const troubledPhases = phases.filter(({ trouble }) => trouble !== 'none');
  if (quiet === undefined || troubledPhases.length === 0) throw new Error('Nothing was measured.');
  const succeeded = Math.min(...phases.map((phase) => phase.succeeded));
  const callsPerJob = Math.max(...phases.map((phase) => phase.callsPerJob));
  return [
    { figure: 'jobs that succeed', value: percent(succeeded), goal: '100 %', isMet: succeeded === 1 },
    { figure: 'calls ÷ jobs, worst phase', value: callsPerJob.toFixed(3), goal: '≤ 1.1', isMet: callsPerJob <= 1.1 },
    ...exits.map(({ trouble, failuresUntilOut, msUntilOut }) => ({
      figure: `left on ${trouble}`,
      value: `${failuresUntilOut} failures, ${seconds(msUntilOut)}`,
      goal: `≤ ${mostFailures} failures or ≤ ${seconds(outWithinMs)}`,
      isMet: failuresUntilOut <= mostFailures || msUntilOut <= outWithinMs,
    })),
    ...exits.map(({ trouble, msUntilBack }) => ({
      figure: `back after ${trouble}`,
      value: seconds(msUntilBack),
      goal: `≤ ${seconds(backWithinMs)}`,
      isMet: msUntilBack <= backWithinMs,
    })),
    ...troubledPhases.map(({ phase, others }) => ({
      figure: `p99 of the others, ${phase}`,
      value: seconds(others.p99),
      goal: `≤ 2 × ${seconds(quiet.all.p99)}`,
      isMet: others.p99 <= 2 * quiet.all.p99,
    })),
  ];
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
