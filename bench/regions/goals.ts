import { percentile } from '../percentile.ts';
import type { Exit, Failovers, PhaseFigures, Recovery } from './measure.ts';
import { jobsPerSecond, loadPart, type RegionScenario, regionNames } from './scenario.ts';
import type { FailoverWork } from './time-failover.ts';

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
/** A region that answers nothing is left this soon after the first call that it swallowed. */
const silentWithinMs = 10_000;
/** With every region out for a minute: those that open three breakers with what was in flight, and three tests every eight seconds. */
const mostCallsWhileOut = 60;
/** A region that is back takes half of its quota at most in its first 5 s: its share rises from a tenth over 10 s. */
const mostAtFirst = 0.5;

export function checkGoals(
  scenario: RegionScenario,
  phases: readonly PhaseFigures[],
  exits: readonly Exit[],
  recoveries: readonly Recovery[],
): Goal[] {
  const quiet = phases.find(({ phase }) => phase === 'quiet');
  const troubledPhases = phases.filter(({ trouble }) => trouble !== 'none');
  if (quiet === undefined || troubledPhases.length === 0) throw new Error('Nothing was measured.');
  const succeeded = Math.min(...phases.map((phase) => phase.succeeded));
  // The three that the line names. With no region left calls are tests, judged by their number; of a black hole it counts how long it
  // swallows. Their calls per job are printed and judged by nothing else.
  const callsPerJob = Math.max(
    ...phases
      .filter(({ trouble }) => trouble !== 'all-out' && trouble !== 'black-hole')
      .map((phase) => phase.callsPerJob),
  );
  const single = exits.filter(({ trouble }) => trouble !== 'all-out');
  return [
    { figure: 'jobs that succeed', value: percent(succeeded), goal: '100 %', isMet: succeeded === 1 },
    {
      figure: 'calls ÷ jobs: 503, slow, capacity',
      value: callsPerJob.toFixed(3),
      goal: '≤ 1.1',
      isMet: callsPerJob <= 1.1,
    },
    ...single.map(({ trouble, failuresUntilOut, msUntilOut }) => ({
      figure: `left on ${trouble}`,
      value: `${failuresUntilOut} failures, ${seconds(msUntilOut)}`,
      goal: `≤ ${mostFailures} failures or ≤ ${seconds(outWithinMs)}`,
      isMet: failuresUntilOut <= mostFailures || msUntilOut <= outWithinMs,
    })),
    ...exits
      .filter(({ trouble }) => trouble === 'black-hole')
      .map(({ callsUntilOut, msSinceFirstSent }) => ({
        figure: 'swallowed until black hole is left',
        value: `${callsUntilOut} calls, ${seconds(msSinceFirstSent)}`,
        goal: `≤ ${seconds(silentWithinMs)}`,
        isMet: msSinceFirstSent <= silentWithinMs,
      })),
    ...single.map(({ trouble, msUntilBack }) => ({
      figure: `back after ${trouble}`,
      value: seconds(msUntilBack),
      goal: `≤ ${seconds(backWithinMs)}`,
      isMet: msUntilBack <= backWithinMs,
    })),
    ...recoveries.flatMap((recovery) => checkRecovery(scenario, recovery)),
    ...troubledPhases
      .filter(({ trouble }) => trouble !== 'all-out')
      .map(({ phase, others }) => ({
        figure: `p99 of the others, ${phase}`,
        value: seconds(others.p99),
        goal: `≤ 2 × ${seconds(quiet.all.p99)}`,
        isMet: others.p99 <= 2 * quiet.all.p99,
      })),
  ];
}

/** Troubles that the issue names: others have room, so that a failed call can move on at once. */
const namedTroubles: readonly string[] = ['503', 'slow', 'capacity'];
const movesWithinMs = 50;

/**
 * A failed call is on its way elsewhere in under 50 ms, storage round trips apart: what it waited for and what Weir computes. One is measured in
 * virtual time, the other on a processor, so the percentile is that of every wait with every work. Of all scenarios together: a single
 * one has a dozen failures.
 */
export function checkFailovers(failovers: readonly Failovers[], work: FailoverWork): Goal {
  const waits = failovers.filter(({ trouble }) => namedTroubles.includes(trouble)).flatMap(({ apartMs }) => apartMs);
  const sums = waits.flatMap((waitMs) => work.samplesMs.map((workMs) => waitMs + workMs));
  const [p50, p99] = [0.5, 0.99].map((part) =>
    percentile(
      sums.sort((left, right) => left - right),
      part,
    ),
  );
  return {
    figure: 'failed call to next call, p50 and p99',
    value: `${p50?.toFixed(0)} and ${p99?.toFixed(0)} ms of ${waits.length}`,
    goal: `p99 < ${movesWithinMs} ms, storage apart`,
    isMet: waits.length > 0 && (p99 ?? Number.POSITIVE_INFINITY) < movesWithinMs,
  };
}

function checkRecovery(scenario: RegionScenario, recovery: Recovery): Goal[] {
  const { trouble, throttled, firstPart, regionsBack, msUntilAllBack, backlog, msUntilDone, callsDuring } = recovery;
  const calm: Goal[] = [
    {
      figure: `no storm after ${trouble}`,
      value: `${throttled} 429s, ${percent(firstPart)} in 5 s`,
      goal: `0, ≤ ${percent(mostAtFirst)} of a region`,
      isMet: throttled === 0 && firstPart <= mostAtFirst,
    },
  ];
  if (trouble !== 'all-out') return calm;
  // What is left of the quota beside new jobs works the backlog off.
  const doneWithinMs = backWithinMs + (backlog / jobsPerSecond(scenario)) * (loadPart / (1 - loadPart)) * 1000;
  return [
    ...calm,
    {
      figure: 'calls while all are out',
      value: String(callsDuring),
      goal: `≤ ${mostCallsWhileOut}`,
      isMet: callsDuring <= mostCallsWhileOut,
    },
    {
      figure: 'all regions back after all-out',
      value: `${regionsBack}, ${seconds(msUntilAllBack)}`,
      goal: `${regionNames.length}, ≤ ${seconds(backWithinMs)}`,
      isMet: regionsBack === regionNames.length && msUntilAllBack <= backWithinMs,
    },
    {
      figure: 'what had piled up is done',
      value: `${backlog} jobs, ${seconds(msUntilDone)}`,
      goal: `≤ ${seconds(doneWithinMs)}, as quota lets`,
      isMet: msUntilDone <= doneWithinMs,
    },
  ];
}

function percent(part: number): string {
  return `${(part * 100).toFixed(1)} %`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
