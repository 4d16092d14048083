import type { TeamConfig } from '../config/config-schema.ts';
import { findTeam } from '../config/find-deployment.ts';
import { type ListResource, toListResource } from '../http/list-resource.ts';
import type { Principal } from '../identity/principal.ts';
import { type Lane, lanes } from '../jobs/job.ts';
import type { Ports } from './ports.ts';
import { visibleModels } from './read-deployments.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** `GET /queues`: one row per lane. A team sees its own jobs, use and limits, an operator everyone's. */
export async function readQueues(ports: Ports, principal: Principal): Promise<ListResource> {
  const isOperator = principal.role === 'operator';
  const team = isOperator ? null : principal.team;
  const config = ports.config.current();
  const own = isOperator ? null : findTeam(config, principal.team);
  const { maxQueuedJobs } = config.limits;
  const capacity = isOperator ? maxQueuedJobs : Math.min(maxQueuedJobs, own?.maxQueuedJobs ?? 0);
  const now = ports.clock.now();
  const [census, sent, pools, letters] = await Promise.all([
    ports.census.view(),
    team === null ? sumBooked(ports, principal) : sumUsed(ports, team, now),
    sumRemaining(ports, principal),
    isOperator ? ports.deadLetters.countSince(now - dayMs) : null,
  ]);
  const left = withinOwn(pools, own, sent);
  const rows = lanes.map((lane) => {
    const count = census.count(team, lane);
    const oldest = count.oldestQueuedAtMs;
    return {
      object: 'queue',
      lane,
      queue_size: count.jobs,
      queue_capacity: capacity,
      oldest_age_seconds: oldest === null ? 0 : Math.max(0, Math.round((now - oldest) / 1000)),
      requests_last_minute: sent[lane].requests,
      tokens_last_minute: sent[lane].tokens,
      rpm_remaining: left.requests,
      tpm_remaining: left.tokens,
      ...(letters === null ? {} : { poison_messages_last_day: letters[lane] }),
    };
  });
  return toListResource(rows, false, null);
}

type LaneSums = Record<Lane, { requests: number; tokens: number }>;

/** What the ledgers booked for everyone in the last minute, by lane. */
async function sumBooked(ports: Ports, principal: Principal): Promise<LaneSums> {
  const sums = noSums();
  const pools = await Promise.all(visibleModels(ports, principal).map((model) => ports.capacity.lanes(model)));
  for (const { lane, requestsLastMinute, tokensLastMinute } of pools.flat()) {
    sums[lane].requests += requestsLastMinute;
    sums[lane].tokens += tokensLastMinute;
  }
  return sums;
}

/** What a team's calls of the last minute used, by lane: the ledgers tell lanes apart, not teams. */
async function sumUsed(ports: Ports, team: string, now: number): Promise<LaneSums> {
  const sums = noSums();
  const window = { fromMs: now - minuteMs, toMs: now + minuteMs };
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof ports.usage.list>> = await ports.usage.list(team, window, after);
    for (const row of page.items) {
      sums[row.lane].requests += 1;
      sums[row.lane].tokens += row.usage.inputTokens + row.usage.outputTokens;
    }
    after = page.next;
  } while (after !== null);
  return sums;
}

function noSums(): LaneSums {
  const zero = () => ({ requests: 0, tokens: 0 });
  return { interactive: zero(), standard: zero(), bulk: zero() };
}

interface Left {
  readonly requests: number;
  readonly tokens: number;
}

/** What the pools that the principal may use have left. */
async function sumRemaining(ports: Ports, principal: Principal): Promise<Left> {
  const views = await Promise.all(visibleModels(ports, principal).map((model) => ports.capacity.view(model)));
  return views
    .flat()
    .reduce(
      (sum, view) => ({ requests: sum.requests + view.requestsRemaining, tokens: sum.tokens + view.tokensRemaining }),
      { requests: 0, tokens: 0 },
    );
}

/** A team has no more left than its own limits leave it. */
function withinOwn(left: Left, team: TeamConfig | null, sent: LaneSums): Left {
  const all = Object.values(sent);
  const used = (of: 'requests' | 'tokens') => all.reduce((sum, lane) => sum + lane[of], 0);
  const within = (pool: number, own: number | null, gone: number) =>
    own === null ? pool : Math.min(pool, Math.max(0, own - gone));
  return {
    requests: within(left.requests, team?.requestsPerMinute ?? null, used('requests')),
    tokens: within(left.tokens, team?.tokensPerMinute ?? null, used('tokens')),
  };
}
