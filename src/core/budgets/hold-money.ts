import type { Budget } from './budget.ts';

/** Whether money could be held; a refusal carries the figures that the caller is told. */
export type HoldDecision =
  | { readonly outcome: 'fits'; readonly budget: Budget }
  | {
      readonly outcome: 'refused';
      readonly spentNanoUsd: number;
      readonly heldNanoUsd: number;
      readonly limitNanoUsd: number;
    };

/** Keeps money free for a job unless spent + held + the new hold exceeds the limit; null = no hard limit. Exactly the limit fits. */
export function holdMoney(budget: Budget, holdNanoUsd: number, limitNanoUsd: number | null): HoldDecision {
  requireAmount(holdNanoUsd);
  const { spentNanoUsd, heldNanoUsd } = budget;
  if (limitNanoUsd !== null && spentNanoUsd + heldNanoUsd + holdNanoUsd > limitNanoUsd) {
    return { outcome: 'refused', spentNanoUsd, heldNanoUsd, limitNanoUsd };
  }
  return { outcome: 'fits', budget: { ...budget, heldNanoUsd: heldNanoUsd + holdNanoUsd } };
}

/** Gives a job's hold back. */
export function releaseMoney(budget: Budget, holdNanoUsd: number): Budget {
  requireAmount(holdNanoUsd);
  if (holdNanoUsd > budget.heldNanoUsd) {
    throw new Error(
      `A release of ${holdNanoUsd} exceeds the ${budget.heldNanoUsd} nano-dollars held in ${budget.period}`,
    );
  }
  return { ...budget, heldNanoUsd: budget.heldNanoUsd - holdNanoUsd };
}

/** Spends what an attempt cost, whatever the limit: it has been used. Holds stay as they are. */
export function spendMoney(budget: Budget, costNanoUsd: number): Budget {
  requireAmount(costNanoUsd);
  return { ...budget, spentNanoUsd: budget.spentNanoUsd + costNanoUsd };
}

/** Replaces a job's hold by its actual cost, which may be more or less. */
export function settleMoney(budget: Budget, holdNanoUsd: number, costNanoUsd: number): Budget {
  return spendMoney(releaseMoney(budget, holdNanoUsd), costNanoUsd);
}

/** Fractions would drift and negative amounts would print money. */
function requireAmount(nanoUsd: number): void {
  if (Number.isSafeInteger(nanoUsd) && nanoUsd >= 0) return;
  throw new Error(`An amount must be a whole number of nano-dollars from 0, received ${nanoUsd}`);
}
