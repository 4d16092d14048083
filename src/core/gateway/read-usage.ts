import { compareUsage, startUsageSummary, toUsageResource, usageId } from '../cost/summarise-usage.ts';
import type { UsageRow } from '../cost/usage-row.ts';
import type { UsageWindow } from '../cost/usage-store.ts';
import type { ListResource } from '../http/list-resource.ts';
import { toListResource } from '../http/list-resource.ts';
import type { UsageQuery } from '../http/parse-query.ts';
import { refusalOf } from '../http/refusal-of.ts';
import type { WeirError } from '../http/weir-error.ts';
import type { Principal } from '../identity/principal.ts';
import type { Page } from '../versioned.ts';
import { forEachAtOnce } from './at-once.ts';
import type { Ports } from './ports.ts';

/** Attempts that one answer without grouping holds; narrow the window for more. */
const maxAttempts = 1000;

/** Teams whose rows are read at once: a thousand teams take a second or two. */
const teamsAtOnce = 16;

/** Summing goes on no longer than this: some hundreds of thousands of calls, and an answer long before the platform's front gives up. */
const longestWalkMs = 30_000;

/** The teams whose figures a principal may see: its own, or all of them for an operator. */
export async function visibleTeams(ports: Ports, principal: Principal): Promise<readonly string[]> {
  if (principal.role !== 'operator') return [principal.team];
  return [...new Set([...(await ports.live.listTeams()), principal.team])].sort();
}

/**
 * Usage in a window: sums by group, or one row per attempt, newest first. A team sees itself, an operator everyone. Throws a WeirError
 * (400) for sums over a window that holds more than can be read in half a minute.
 */
export async function readUsage(ports: Ports, principal: Principal, query: UsageQuery): Promise<ListResource> {
  const teams = await visibleTeams(ports, principal);
  if (query.groupBy === null) return listAttempts(ports, teams, query);
  const summary = startUsageSummary(query.groupBy);
  const untilMs = ports.clock.now() + longestWalkMs;
  await forEachAtOnce(teams, teamsAtOnce, async (team) => {
    for await (const row of walkUsage(ports, team, query.window, untilMs)) summary.add(row);
  });
  return toListResource(summary.rows(), false, null);
}

/**
 * One page of attempts over all teams. It is as long as reading a page of each team takes, several at once: what is left out would be
 * skipped by whoever goes on behind the page's last row.
 */
async function listAttempts(ports: Ports, teams: readonly string[], query: UsageQuery): Promise<ListResource> {
  const { after } = query;
  const window = after === null ? query.window : { ...query.window, toMs: Math.min(query.window.toMs, after.atMs + 1) };
  let page: readonly UsageRow[] = [];
  let hasMore = false;
  await forEachAtOnce(teams, teamsAtOnce, async (team) => {
    // A full page with more behind it takes nothing older than its last row.
    const oldestMs = hasMore ? (page.at(-1)?.atMs ?? 0) : 0;
    const found = await readNewest(ports, team, { ...window, fromMs: Math.max(window.fromMs, oldestMs) }, after);
    const rows = [...page, ...found].sort(compareUsage);
    hasMore ||= rows.length > maxAttempts;
    page = rows.slice(0, maxAttempts);
  });
  const last = page.at(-1);
  return toListResource(page.map(toUsageResource), hasMore, last === undefined ? null : usageId(last));
}

/** A team's newest rows behind `after`: more than a page of them when there are more. */
async function readNewest(
  ports: Ports,
  team: string,
  window: UsageWindow,
  after: UsageQuery['after'],
): Promise<readonly UsageRow[]> {
  const rows: UsageRow[] = [];
  for await (const row of walkUsage(ports, team, window)) {
    if (after !== null && row.atMs === after.atMs && usageId(row) <= after.id) continue;
    rows.push(row);
    // Rows of the page's last millisecond are sorted by name afterwards: read on until the millisecond is over.
    if (rows.length > maxAttempts && row.atMs !== rows.at(-2)?.atMs) break;
  }
  return rows;
}

/** Every row of a team in a window; a WeirError when a page is still to be read at `untilMs`. */
async function* walkUsage(
  ports: Ports,
  team: string,
  window: UsageWindow,
  untilMs = Number.POSITIVE_INFINITY,
): AsyncGenerator<UsageRow> {
  let after: string | null = null;
  do {
    if (ports.clock.now() >= untilMs) throw tooLarge(window);
    const page: Page<UsageRow> = await ports.usage.list(team, window, after);
    yield* page.items;
    after = page.next;
  } while (after !== null);
}

function tooLarge({ fromMs, toMs }: UsageWindow): WeirError {
  const span = `${new Date(fromMs).toISOString()} to ${new Date(toMs).toISOString()}`;
  const message = `received ${span}, which holds more calls than can be summed in ${longestWalkMs / 1000} s: ask for shorter windows, such as a day, and add them up`;
  return refusalOf([{ path: 'from', message }]);
}
