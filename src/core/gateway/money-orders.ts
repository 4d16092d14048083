import type { Budget } from '../budgets/budget.ts';
import type { TeamConfig } from '../config/config-schema.ts';
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

/** At acceptance: what the job may cost is held, unless it does not fit the team's hard budget. */
export function holdFor(team: TeamConfig, holdNanoUsd: number): (budget: Budget) => MoneyDecision {
  return (budget) => {
    const limitNanoUsd = team.budget?.hard === true ? team.budget.monthlyNanoUsd : null;
    const { spentNanoUsd, heldNanoUsd } = budget;
    if (limitNanoUsd !== null && spentNanoUsd + heldNanoUsd + holdNanoUsd > limitNanoUsd) {
      return { outcome: 'refused', spentNanoUsd, heldNanoUsd, limitNanoUsd };
    }
    return { outcome: 'fits', budget: { ...budget, heldNanoUsd: heldNanoUsd + holdNanoUsd } };
  };
}
