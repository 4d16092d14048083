import type { UsageRow } from '../cost/usage-row.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import type { Versioned } from '../versioned.ts';
import { bookSpend } from './money-orders.ts';
import type { Ports } from './ports.ts';

export interface Advance {
  readonly live: LiveJob;
  readonly version: string;
  readonly usage: readonly UsageRow[];
}

/**
 * Moves a live row under its version. What cost money goes through the team's writer together with the budget row;
 * what did not is written directly, so that claims and parks never wait for the budget.
 */
export async function advanceJob(
  ports: Ports,
  advance: Advance,
  budgetPeriod: string,
): Promise<{ readonly outcome: 'advanced'; readonly version: string } | { readonly outcome: 'lost' }> {
  const change = { kind: 'advance', ...advance } as const;
  const { team } = advance.live;
  if (advance.usage.some((row) => row.costNanoUsd > 0)) {
    const ordered = await ports.writer.submit(team, {
      change,
      period: budgetPeriod,
      decideMoney: bookSpend(advance.usage),
    });
    return ordered.outcome === 'applied' && ordered.version !== null
      ? { outcome: 'advanced', version: ordered.version }
      : { outcome: 'lost' };
  }
  const applied = await ports.jobs.apply(team, [change], null);
  const version = applied.outcome === 'applied' ? applied.versions[0] : null;
  return version === null || version === undefined ? { outcome: 'lost' } : { outcome: 'advanced', version };
}

/** `cancelled`: the row is still this worker's, but its caller wants the job to end; nothing was written. */
export type OwnAdvance =
  | { readonly outcome: 'advanced'; readonly row: Versioned<LiveJob> }
  | { readonly outcome: 'cancelled'; readonly row: Versioned<LiveJob> }
  | { readonly outcome: 'lost' };

/**
 * Moves a row that this worker holds. If it was claimed and only a flag changed meanwhile (cancel requested, lease
 * renewed) the move is made on top of that; a queued row that changed belongs to whoever changed it.
 */
export async function advanceOwnJob(
  ports: Ports,
  row: Versioned<LiveJob>,
  move: { change: (live: LiveJob) => LiveJob; usage: readonly UsageRow[]; budgetPeriod: string },
): Promise<OwnAdvance> {
  let current = row;
  for (;;) {
    if (current.value.cancelRequested) return { outcome: 'cancelled', row: current };
    const live = move.change(current.value);
    const result = await advanceJob(ports, { live, version: current.version, usage: move.usage }, move.budgetPeriod);
    if (result.outcome === 'advanced') return { outcome: 'advanced', row: { value: live, version: result.version } };
    const read = await ports.jobs.readLive(row.value.team, row.value.id);
    if (read === null || !isSameClaim(read.value, row.value)) return { outcome: 'lost' };
    current = withNewFlags(current, read);
  }
}

/** Whether the row is still under the claim that was read before; a queued row is nobody's. */
export function isSameClaim(read: LiveJob, mine: LiveJob): boolean {
  return read.state === 'running' && mine.state === 'running' && read.attempt === mine.attempt;
}

/** What this worker knows, with the flags that others may set meanwhile. */
export function withNewFlags(mine: Versioned<LiveJob>, read: Versioned<LiveJob>): Versioned<LiveJob> {
  const { cancelRequested, eraseRequested } = read.value;
  return { version: read.version, value: { ...mine.value, cancelRequested, eraseRequested } };
}
