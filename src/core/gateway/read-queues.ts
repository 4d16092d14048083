import { findTeam } from '../config/find-deployment.ts';
import { type ListResource, toListResource } from '../http/list-resource.ts';
import type { Principal } from '../identity/principal.ts';
import { type Lane, lanes } from '../jobs/job.ts';
import type { Ports } from './ports.ts';
import { visibleModels } from './read-deployments.ts';
import { visibleTeams } from './read-usage.ts';

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

/** `GET /queues`: one row per lane. A team sees its own jobs against its own cap, an operator everyone's. */
export async function readQueues(ports: Ports, principal: Principal): Promise<ListResource> {
  const isOperator = principal.role === 'operator';
  const team = isOperator ? null : principal.team;
  const config = ports.config.current();
  const capacity = isOperator
    ? config.limits.maxQueuedJobs
    : Math.min(config.limits.maxQueuedJobs, findTeam(config, principal.team)?.maxQueuedJobs ?? 0);
  const now = ports.clock.now();
  const [census, sent, left, letters] = await Promise.all([
    ports.census.view(),
    sumLastMinute(ports, principal, now),
    sumRemaining(ports, principal),
    isOperator ? ports.deadLetters.countSince(now - dayMs) : null,
  ]);
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

async function sumLastMinute(
  ports: Ports,
  principal: Principal,
  now: number,
): Promise<Record<Lane, { requests: number; tokens: number }>> {
  const zero = () => ({ requests: 0, tokens: 0 });
  const sums = { interactive: zero(), standard: zero(), bulk: zero() };
  for (const team of await visibleTeams(ports, principal)) {
    let after: string | null = null;
    do {
      const window = { fromMs: now - minuteMs, toMs: now + minuteMs };
      const page: Awaited<ReturnType<typeof ports.usage.list>> = await ports.usage.list(team, window, after);
      for (const row of page.items) {
        sums[row.lane].requests += 1;
        sums[row.lane].tokens += row.usage.inputTokens + row.usage.outputTokens;
      }
      after = page.next;
    } while (after !== null);
  }
  return sums;
}

async function sumRemaining(ports: Ports, principal: Principal): Promise<{ requests: number; tokens: number }> {
  const views = await Promise.all(visibleModels(ports, principal).map((model) => ports.capacity.view(model)));
  return views
    .flat()
    .reduce(
      (sum, view) => ({ requests: sum.requests + view.requestsRemaining, tokens: sum.tokens + view.tokensRemaining }),
      { requests: 0, tokens: 0 },
    );
}
