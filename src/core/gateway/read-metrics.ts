import { type MetricsSummary, summariseMetrics } from '../cost/metrics-summary.ts';
import type { Principal } from '../identity/principal.ts';
import type { Ports } from './ports.ts';
import { visibleTeams } from './read-usage.ts';

/** Figures of the newest `last` upstream calls of everything the principal may see, of all instances. */
export async function readMetrics(ports: Ports, principal: Principal, last: number): Promise<MetricsSummary> {
  const teams = await visibleTeams(ports, principal);
  const newest = (await Promise.all(teams.map((team) => ports.usage.newest(team, last)))).flat();
  return summariseMetrics(newest.sort((left, right) => right.atMs - left.atMs).slice(0, last));
}
