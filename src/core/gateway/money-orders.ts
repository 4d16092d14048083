import type { Budget } from '../budgets/budget.ts';
import { holdMoney, settleMoney, spendMoney } from '../budgets/hold-money.ts';
import type { TeamConfig } from '../config/config-schema.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import type { MoneyDecision } from './team-batch.ts';

const sumCost = (usage: readonly UsageRow[]) => usage.reduce((sum, row) => sum + row.costNanoUsd, 0);

/** At acceptance: what the job may cost is held, unless it does not fit the team's hard budget. */
export function holdFor(team: TeamConfig, holdNanoUsd: number): (budget: Budget) => MoneyDecision {
  const limitNanoUsd = hardLimitOf(team);
  return (budget) => holdMoney(budget, holdNanoUsd, limitNanoUsd);
}

/** At a job's end: its hold goes back, what its last attempts cost is spent. */
export function settleHold(holdNanoUsd: number, usage: readonly UsageRow[]): (budget: Budget) => MoneyDecision {
  return (budget) => {
    // A budget row that was edited or deleted by hand must not keep a job from ending.
    const held = Math.min(holdNanoUsd, budget.heldNanoUsd);
    return { outcome: 'fits', budget: settleMoney(budget, held, sumCost(usage)) };
  };
}

function hardLimitOf(team: TeamConfig | null): number | null {
  return team?.budget?.hard === true ? team.budget.monthlyNanoUsd : null;
}

/**
 * Before a further call: what the ones before it cost is spent, and what this one may cost must fit in the place of the job's hold, which
 * stays as it is. Two runs of which the hold bears both always fit.
 */
export function spendWithRoom(
  team: TeamConfig | null,
  usage: readonly UsageRow[],
  call: { readonly costNanoUsd: number; readonly holdNanoUsd: number },
): (budget: Budget) => MoneyDecision {
  return (budget) => {
    const spent = spendMoney(budget, sumCost(usage));
    const others = { ...spent, heldNanoUsd: Math.max(0, spent.heldNanoUsd - call.holdNanoUsd) };
    const asked = holdMoney(others, call.costNanoUsd, hardLimitOf(team));
    return asked.outcome === 'refused' ? asked : { outcome: 'fits', budget: spent };
  };
}

/** Between attempts: what an attempt cost is spent, the hold stays for the next one. */
export function bookSpend(usage: readonly UsageRow[]): (budget: Budget) => MoneyDecision {
  return (budget) => ({ outcome: 'fits', budget: spendMoney(budget, sumCost(usage)) });
}
