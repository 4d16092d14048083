import type { Budget } from '../budgets/budget.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import { canonicalJson } from '../http/canonical-json.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import type { Versioned } from '../versioned.ts';
import { bookSpend } from './money-orders.ts';
import type { Write } from './persist.ts';
import type { Ports } from './ports.ts';
import type { MoneyDecision } from './team-batch.ts';

export interface Advance {
  readonly live: LiveJob;
  readonly version: string;
  readonly usage: readonly UsageRow[];
  /** What the move means for the budget; without it, what the usage rows cost is spent. */
  readonly decideMoney?: (budget: Budget) => MoneyDecision;
}

/** `refused`: the budget has no room for another call; nothing was written. */
export type AdvanceResult =
  | { readonly outcome: 'advanced'; readonly version: string }
  | { readonly outcome: 'lost' }
  | { readonly outcome: 'refused' };

/**
 * Moves a live row under its version. What cost money goes through the team's writer together with the budget row;
 * what did not is written directly, so that claims and parks never wait for the budget.
 */
export async function advanceJob(ports: Ports, advance: Advance, budgetPeriod: string): Promise<AdvanceResult> {
  const { live, version: readVersion, usage, decideMoney } = advance;
  const change = { kind: 'advance', live, version: readVersion, usage } as const;
  const { team } = live;
  if (decideMoney !== undefined || usage.some((row) => row.costNanoUsd > 0)) {
    const ordered = await ports.writer.submit(team, {
      change,
      period: budgetPeriod,
      decideMoney: decideMoney ?? bookSpend(usage),
    });
    if (ordered.outcome === 'refused') return { outcome: 'refused' };
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
  | { readonly outcome: 'lost' }
  | { readonly outcome: 'refused' };

/**
 * Moves a row that this worker holds. If it was claimed and only a flag changed meanwhile (cancel requested, lease
 * renewed) the move is made on top of that; a queued row that changed belongs to whoever changed it.
 */
export async function advanceOwnJob(
  ports: Ports,
  row: Versioned<LiveJob>,
  move: {
    change: (live: LiveJob) => LiveJob;
    usage: readonly UsageRow[];
    budgetPeriod: string;
    decideMoney?: (budget: Budget) => MoneyDecision;
  },
  write: Write,
): Promise<OwnAdvance> {
  let current = row;
  for (;;) {
    if (current.value.cancelRequested) return { outcome: 'cancelled', row: current };
    const live = move.change(current.value);
    const { version } = current;
    const { usage, budgetPeriod, decideMoney } = move;
    const result = await write(() => advanceJob(ports, { live, version, usage, decideMoney }, budgetPeriod));
    if (result.outcome === 'advanced') return { outcome: 'advanced', row: { value: live, version: result.version } };
    if (result.outcome === 'refused') return result;
    const read = await write(() => ports.jobs.readLive(row.value.team, row.value.id));
    // An earlier try was applied although its reply never came: what stands there is what was to be written.
    if (read !== null && canonicalJson(read.value) === canonicalJson(live)) return { outcome: 'advanced', row: read };
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
