import { startUsageSummary, toUsageResource, type UsageDimension } from '../cost/summarise-usage.ts';
import type { UsageWindow } from '../cost/usage-store.ts';
import type { ListResource } from '../http/list-resource.ts';
import { toListResource } from '../http/list-resource.ts';
import type { Principal } from '../identity/principal.ts';
import type { Ports } from './ports.ts';

/** Attempts that one answer without grouping holds; narrow the window for more. */
const maxAttempts = 1000;

/** The teams whose figures a principal may see: its own, or all of them for an operator. */
export async function visibleTeams(ports: Ports, principal: Principal): Promise<readonly string[]> {
  if (principal.role !== 'operator') return [principal.team];
  return [...new Set([...(await ports.live.listTeams()), principal.team])].sort();
}

/** Usage in a window: sums by group, or one row per attempt, newest first. A team sees itself, an operator everyone. */
export async function readUsage(
  ports: Ports,
  principal: Principal,
  query: { window: UsageWindow; groupBy: readonly UsageDimension[] | null },
): Promise<ListResource> {
  const teams = await visibleTeams(ports, principal);
  if (query.groupBy === null) return listAttempts(ports, teams, query.window);
  const summary = startUsageSummary(query.groupBy);
  for (const team of teams) {
    let after: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof ports.usage.list>> = await ports.usage.list(team, query.window, after);
      for (const row of page.items) summary.add(row);
      after = page.next;
    } while (after !== null);
  }
  return toListResource(summary.rows(), false, null);
}

async function listAttempts(ports: Ports, teams: readonly string[], window: UsageWindow): Promise<ListResource> {
  const rows: Awaited<ReturnType<typeof ports.usage.list>>['items'][number][] = [];
  for (const team of teams) {
    let after: string | null = null;
    let taken = 0;
    do {
      const page: Awaited<ReturnType<typeof ports.usage.list>> = await ports.usage.list(team, window, after);
      rows.push(...page.items);
      taken += page.items.length;
      after = page.next;
    } while (after !== null && taken <= maxAttempts);
  }
  rows.sort((left, right) => right.atMs - left.atMs);
  return toListResource(rows.slice(0, maxAttempts).map(toUsageResource), rows.length > maxAttempts, null);
}
