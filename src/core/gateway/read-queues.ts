import { convertDeployments, convertTeam } from '../capacity/pool-limits.ts';
import { findTeam } from '../config/find-deployment.ts';
import { type ListResource, toListResource } from '../http/list-resource.ts';
import type { Principal } from '../identity/principal.ts';
import { type Lane, lanes } from '../jobs/job.ts';
import type { Ports } from './ports.ts';
import { visibleModels } from './read-deployments.ts';
import { type PoolUse, type Quota, remainingQuota } from './remaining-quota.ts';

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
    viewPools(ports, principal),
    isOperator ? ports.deadLetters.countSince(now - dayMs) : null,
  ]);
  const limits = own === null ? undefined : convertTeam(own);
  const rows = lanes.map((lane) => {
    const left = pools.map((pool) => ({ model: pool.model, ...remainingQuota(pool, lane, limits) }));
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
      rpm_remaining: left.reduce((sum, { requests }) => sum + requests, 0),
      tpm_remaining: left.reduce((sum, { tokens }) => sum + tokens, 0),
      models: left.map(({ model, requests, tokens }) => ({ model, rpm_remaining: requests, tpm_remaining: tokens })),
      ...(letters === null ? {} : { poison_messages_last_day: letters[lane] }),
    };
  });
  return toListResource(rows, false, null);
}

type LaneSums = Record<Lane, Quota>;

/** What the ledgers booked for everyone in the last minute, by lane. */
async function sumBooked(ports: Ports, principal: Principal): Promise<LaneSums> {
  const sums = noSums();
  const pools = await Promise.all(visibleModels(ports, principal).map((model) => ports.capacity.lanes(model)));
  for (const { lane, requestsLastMinute, tokensLastMinute } of pools.flat()) {
    sums[lane] = add(sums[lane], { requests: requestsLastMinute, tokens: tokensLastMinute });
  }
  return sums;
}

/** What a team's calls of the last minute used: the ledgers tell lanes apart, not teams. */
async function sumUsed(ports: Ports, team: string, now: number): Promise<LaneSums> {
  const sums = noSums();
  const window = { fromMs: now - minuteMs, toMs: now + minuteMs };
  let after: string | null = null;
  do {
    const page: Awaited<ReturnType<typeof ports.usage.list>> = await ports.usage.list(team, window, after);
    for (const { lane, usage } of page.items) {
      sums[lane] = add(sums[lane], { requests: 1, tokens: usage.inputTokens + usage.outputTokens });
    }
    after = page.next;
  } while (after !== null);
  return sums;
}

/** The pools that the principal may see, as they are now. */
function viewPools(ports: Ports, principal: Principal): Promise<PoolUse[]> {
  const config = ports.config.current();
  const models = visibleModels(ports, principal);
  return Promise.all(
    config.pools
      .filter(({ model }) => models.includes(model))
      .map(async (pool) => ({
        model: pool.model,
        isPaused: pool.paused,
        deployments: convertDeployments(config, pool),
        views: await ports.capacity.view(pool.model),
        usedByTeam: await ports.capacity.usedBy(principal.team, pool.model),
      })),
  );
}

const nothing: Quota = { requests: 0, tokens: 0 };

function noSums(): LaneSums {
  return { interactive: nothing, standard: nothing, bulk: nothing };
}

function add(one: Quota, other: Quota): Quota {
  return { requests: one.requests + other.requests, tokens: one.tokens + other.tokens };
}
