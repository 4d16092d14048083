import type { MemoryTeam } from '../../src/core/adapters/memory/memory-state.ts';
import { isEarlierJob } from './earlier-jobs.ts';

/**
 * What must hold of one team's rows after every transaction (design §10): a job is live or ended, never both or neither;
 * held is the holds of live jobs; spent is the sum of usage rows; an attempt has one usage row; a key stands for one job. Of `touched`
 * jobs, whose rows somebody deletes or damages by hand, none of it can be asked; null: nobody does.
 */
export function* findDisorder(team: string, rows: MemoryTeam, touched: ReadonlySet<string> | null): Generator<string> {
  const { jobs, live, usage, budgets } = rows;
  const heldByPeriod = new Map<string, number>();
  const keys = new Set<string>();
  for (const id of live.keys())
    if (!jobs.has(id) && touched?.has(id) !== true) yield `${id} is live, but no job is on record`;
  for (const [id, job] of jobs) {
    if (touched?.has(id) === true) continue;
    const row = live.get(id)?.value;
    if (job.end === null && row === undefined) yield `${id} is neither live nor ended`;
    if (job.end !== null && row !== undefined) yield `${id} is live though it ended`;
    if (job.end === null) {
      heldByPeriod.set(job.budgetPeriod, (heldByPeriod.get(job.budgetPeriod) ?? 0) + job.holdNanoUsd);
    }
    const isClaimed = row?.state === 'running';
    if (row !== undefined && isClaimed !== (row.lease !== null))
      yield `${id} is ${row.state}, its lease says otherwise`;
    if (isClaimed && row.intent === null) yield `${id} runs without an intent`;
    if (job.team !== team) yield `${id} of ${job.team} lies with ${team}`;
    if (job.idempotencyKeySha256 === null) continue;
    if (keys.has(job.idempotencyKeySha256)) yield `${id} shares its idempotency key with another job`;
    keys.add(job.idempotencyKeySha256);
  }
  // What a hand has touched holds money until it has been mended: then money is judged at the end.
  if (touched === null) yield* findMoneyDisorder(team, rows, heldByPeriod);
  const attempts = new Set<string>();
  for (const row of usage.values()) {
    const attempt = `${row.jobId} attempt ${row.attempt}`;
    if (attempts.has(attempt)) yield `${attempt} has two usage rows`;
    attempts.add(attempt);
    if (row.team !== team) yield `${attempt} of ${row.team} is on the accounts of ${team}`;
  }
  const hasOwn = [...jobs.keys()].some((id) => !isEarlierJob(id));
  if (budgets.size === 0 && hasOwn && touched === null) yield `${team} has jobs and no budget row`;
}

function* findMoneyDisorder(
  team: string,
  { budgets, usage }: MemoryTeam,
  heldByPeriod: ReadonlyMap<string, number>,
): Generator<string> {
  let spent = 0;
  for (const [period, { value }] of budgets) {
    spent += value.spentNanoUsd;
    const held = heldByPeriod.get(period) ?? 0;
    if (value.heldNanoUsd !== held) yield `${team} holds ${value.heldNanoUsd} in ${period}, its live jobs ${held}`;
  }
  let cost = 0;
  for (const row of usage.values()) cost += row.costNanoUsd;
  if (spent !== cost) yield `${team} has spent ${spent}, its usage rows say ${cost}`;
}
