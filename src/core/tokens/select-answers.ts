import type { UsageRow } from '../cost/usage-row.ts';
import type { Endpoint } from '../jobs/job.ts';

/** An answer whose length was the model's own choice, as far as Weir's cap let it. */
export interface MeasuredAnswer {
  readonly outputTokens: number;
}

/**
 * The answers among usage rows that teach how long a model's answers to a team are: measured, single, and capped by Weir. Where a
 * caller sets the cap, the caller knows better. Of a job that was run again only the last run counts: the first was cut off.
 */
export function selectAnswers(
  rows: readonly UsageRow[],
  of: { readonly model: string; readonly endpoint: Endpoint },
): readonly MeasuredAnswer[] {
  const last = new Map<string, UsageRow>();
  for (const row of rows) {
    if (row.model !== of.model || row.endpoint !== of.endpoint || !isTeaching(row)) continue;
    const known = last.get(row.jobId);
    if (known === undefined || known.attempt < row.attempt) last.set(row.jobId, row);
  }
  return [...last.values()].map(({ usage }) => ({ outputTokens: usage.outputTokens }));
}

function isTeaching(row: UsageRow): boolean {
  return (
    row.outcome === 'succeeded' &&
    row.measured &&
    row.capSetBy === 'weir' &&
    row.choices === 1 &&
    (row.cache === 'miss' || row.cache === 'bypass')
  );
}
