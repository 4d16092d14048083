import { z } from 'zod';
import type { ModelProblem } from './find-model-problems.ts';

/** What Resource Manager answers for a budget. */
export const budgetAnswer = z.looseObject({
  properties: z.looseObject({ timePeriod: z.looseObject({ startDate: z.string() }) }),
});

/**
 * Whether Azure would take this start of the budget (`yyyy-MM-01`). It refuses to move the start of one that is there
 * (`existing`, null when there is none), and a new one may begin in the running month at the earliest.
 */
export function findBudgetProblem(wanted: string, existing: string | null, now: Date): ModelProblem | null {
  if (existing !== null) {
    const began = existing.slice(0, 10);
    if (began === wanted) return null;
    return refuse(`${wanted}, but the budget that is there began on ${began}, which Azure refuses to move`, began);
  }
  const thisMonth = `${now.toISOString().slice(0, 7)}-01`;
  if (wanted >= thisMonth) return null;
  return refuse(`${wanted}, and Azure takes no past month for a new budget`, thisMonth);
}

function refuse(what: string, instead: string): ModelProblem {
  return { severity: 'refused', message: `budget.startDate is ${what}: set WEIR_BUDGET_START=${instead}` };
}
