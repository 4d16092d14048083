import { budgetPeriodAt, nextResetAtMs } from '../budgets/budget-period.ts';
import { formatUsd } from '../budgets/money.ts';
import { findTeam } from '../config/find-deployment.ts';
import { WeirError } from '../http/weir-error.ts';
import type { Principal } from '../identity/principal.ts';
import type { Ports } from './ports.ts';
import { readOrRecoverBudget } from './recover-budget.ts';

/** `GET /budgets/{team}`: spent, held and left in the running month. Another team's budget is an operator's matter. */
export async function readBudget(
  ports: Ports,
  principal: Principal,
  teamId: string,
): Promise<Readonly<Record<string, unknown>>> {
  const team = findTeam(ports.config.current(), teamId);
  const isVisible = principal.role === 'operator' || principal.team === teamId;
  if (team === null || !isVisible) {
    throw new WeirError('not_found', 'There is no such budget. A team sees its own; operators see every team.');
  }
  const now = ports.clock.now();
  const timeZone = team.budget?.timeZone ?? 'Etc/UTC';
  const period = budgetPeriodAt(now, timeZone);
  const { spentNanoUsd: spent, heldNanoUsd: held } = (await readOrRecoverBudget(ports, teamId, period)).value;
  const limit = team.budget?.monthlyNanoUsd ?? null;
  return {
    object: 'budget',
    team: teamId,
    period,
    time_zone: timeZone,
    resets_at: Math.floor(nextResetAtMs(now, timeZone) / 1000),
    monthly_usd: limit === null ? null : formatUsd(limit),
    hard: team.budget?.hard ?? false,
    spent_usd: formatUsd(spent),
    held_usd: formatUsd(held),
    remaining_usd: limit === null ? null : formatUsd(Math.max(0, limit - spent - held)),
  };
}
