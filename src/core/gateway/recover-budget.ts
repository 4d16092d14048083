import type { Budget } from '../budgets/budget.ts';
import { spanOfPeriod, spentIn } from '../budgets/sum-budget.ts';
import type { ConfigSource } from '../config/config-source.ts';
import { findTeam } from '../config/find-deployment.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import type { UsageStore } from '../cost/usage-store.ts';
import type { JobStore, LiveJobStore, LivePage } from '../jobs/job-store.ts';
import type { LiveJob } from '../jobs/live-job.ts';
import type { RepairStore } from '../jobs/repair-store.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { DamagedRowError, type Page } from '../versioned.ts';

/** What a budget is counted from. */
export interface BudgetSources {
  readonly jobs: JobStore;
  readonly live: LiveJobStore;
  readonly usage: UsageStore;
  readonly repairs: RepairStore;
  readonly config: ConfigSource;
  readonly telemetry: Telemetry;
  readonly clock: { now(): number };
}

/** A budget as the next write may name it: `version` is null when there is no row yet. */
export interface BudgetReading {
  readonly value: Budget;
  readonly version: string | null;
}

/** A job runs for a day at most: so long after a period's end its calls may still be booked into it. */
const longestJobMs = 26 * 3_600_000;

/**
 * Reads a team's budget. A row that was deleted or cannot be read is counted anew: spent from the usage rows of the period, held from
 * the live jobs. Nothing that moves money can happen unseen in between, because whatever does has to write the row first.
 */
export async function readOrRecoverBudget(
  sources: BudgetSources,
  team: string,
  period: string,
): Promise<BudgetReading> {
  const stored = await readSound(sources, team, period);
  if (stored.version !== null && stored.value !== null) return { value: stored.value, version: stored.version };
  const spentNanoUsd = await countSpent(sources, team, period);
  const heldNanoUsd = (await countHeld(sources, team)).get(period) ?? 0;
  if (stored.version !== null || spentNanoUsd + heldNanoUsd > 0) {
    sources.telemetry.track({
      type: 'notice',
      atMs: sources.clock.now(),
      level: 'error',
      name: 'budget_recovered',
      message: 'A budget row was deleted or damaged outside Weir; it was counted anew from usage rows and live jobs.',
      fields: { team, period, spentNanoUsd, heldNanoUsd },
    });
  }
  return { value: { team, period, spentNanoUsd, heldNanoUsd }, version: stored.version };
}

/** The row if it can be read; a damaged one tells its version only. */
async function readSound(
  { jobs, repairs }: BudgetSources,
  team: string,
  period: string,
): Promise<{ value: Budget | null; version: string | null }> {
  try {
    const read = await jobs.readBudget(team, period);
    return { value: read?.value ?? null, version: read?.version ?? null };
  } catch (error) {
    if (!(error instanceof DamagedRowError)) throw error;
    const found = await repairs.findBudget(team, period);
    if (found.kind === 'read') return found;
    return { value: null, version: found.kind === 'damaged' ? found.version : null };
  }
}

async function countSpent({ usage, config }: BudgetSources, team: string, period: string): Promise<number> {
  const zone = findTeam(config.current(), team)?.budget?.timeZone ?? 'Etc/UTC';
  const span = spanOfPeriod(period, zone);
  if (span === null) return 0;
  let spent = 0;
  let after: string | null = null;
  do {
    const window = { fromMs: span.fromMs, toMs: span.toMs + longestJobMs };
    const page: Page<UsageRow> = await usage.list(team, window, after);
    for (const row of page.items) spent += spentIn(span, row);
    after = page.next;
  } while (after !== null);
  return spent;
}

/** What live jobs hold, by period. Rows of before do not carry their hold: then the job's own row is read. */
export async function countHeld(
  { live, jobs }: Pick<BudgetSources, 'live' | 'jobs'>,
  team: string,
): Promise<ReadonlyMap<string, number>> {
  const held = new Map<string, number>();
  let after: string | null = null;
  do {
    const page: LivePage = await live.listLive(team, after);
    for (const { value } of page.items) {
      const { nanoUsd, period } = value.hold ?? (await readHold(jobs, value));
      held.set(period, (held.get(period) ?? 0) + nanoUsd);
    }
    after = page.next;
  } while (after !== null);
  return held;
}

async function readHold(jobs: JobStore, { team, id }: LiveJob): Promise<NonNullable<LiveJob['hold']>> {
  const job = await jobs.readJob(team, id);
  return { nanoUsd: job?.holdNanoUsd ?? 0, period: job?.budgetPeriod ?? '' };
}
