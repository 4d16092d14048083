import type { Budget } from '../budgets/budget.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import type { MoneyDecision } from './team-writer.ts';

const sumCost = (usage: readonly UsageRow[]) => usage.reduce((sum, row) => sum + row.costNanoUsd, 0);

/** At a job's end: its hold goes back, what its last attempts cost is spent. */
export function settleHold(holdNanoUsd: number, usage: readonly UsageRow[]): (budget: Budget) => MoneyDecision {
  return (budget) => ({
    outcome: 'fits',
    budget: {
      ...budget,
      heldNanoUsd: budget.heldNanoUsd - holdNanoUsd,
      spentNanoUsd: budget.spentNanoUsd + sumCost(usage),
    },
  });
}

/** Between attempts: what an attempt cost is spent, the hold stays for the next one. */
export function bookSpend(usage: readonly UsageRow[]): (budget: Budget) => MoneyDecision {
  return (budget) => ({ outcome: 'fits', budget: { ...budget, spentNanoUsd: budget.spentNanoUsd + sumCost(usage) } });
}
