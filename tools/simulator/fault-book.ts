import type { FaultScript, StandingFault } from './fault.ts';
import type { SeededRandom } from './seeded-random.ts';

/** The faults that stand, oldest first. */
export type FaultBook = { faults: StandingFault[]; nextNumber: number };

/** What one request meets: the faults that only shape it, and at most one that decides its outcome. */
export type MetFaults = { shaping: FaultScript[]; deciding: FaultScript | null };

/** Where a request goes, as faults select by it. */
export type FaultTarget = { region: string; deployment: string; api: string };

/** No faults. */
export function createFaultBook(): FaultBook {
  return { faults: [], nextNumber: 1 };
}

/** Lets faults stand from now on and returns them with their ids. */
export function addFaults(book: FaultBook, scripts: readonly FaultScript[], nowMs: number): StandingFault[] {
  const added = scripts.map((script) => ({
    id: `fault-${book.nextNumber++}`,
    script,
    played: 0,
    endsAtMs: script.forMs === undefined ? null : nowMs + script.forMs,
  }));
  book.faults.push(...added);
  return added;
}

/**
 * Chooses what a request meets and counts it as played. Latency and hints add up; of the others the oldest that is due wins. A
 * fault is over after `count` plays or `forMs`, and then no longer listed.
 */
export function meetFaults(book: FaultBook, target: FaultTarget, nowMs: number, random: SeededRandom): MetFaults {
  dropEnded(book, nowMs);
  const met: MetFaults = { shaping: [], deciding: null };
  for (const fault of book.faults) {
    const { script } = fault;
    if (!isAimedAt(script, target)) continue;
    const isShaping = script.kind === 'latency' || script.kind === 'hint';
    if (!isShaping && met.deciding) continue;
    if (script.probability !== undefined && random() >= script.probability) continue;
    fault.played += 1;
    if (isShaping) met.shaping.push(script);
    else met.deciding = script;
  }
  dropEnded(book, nowMs);
  return met;
}

/** The faults that still stand at `nowMs`. */
export function listFaults(book: FaultBook, nowMs: number): StandingFault[] {
  dropEnded(book, nowMs);
  return book.faults;
}

function dropEnded(book: FaultBook, nowMs: number): void {
  book.faults = book.faults.filter(({ script, played, endsAtMs }) => {
    return (script.count === undefined || played < script.count) && (endsAtMs === null || nowMs < endsAtMs);
  });
}

function isAimedAt(script: FaultScript, target: FaultTarget): boolean {
  if (script.region !== undefined && script.region !== target.region) return false;
  if (script.deployment !== undefined && script.deployment !== target.deployment) return false;
  return script.api === undefined || script.api === target.api;
}
