import type { CacheState, UsageRow } from '../cost/usage-row.ts';
import type { Attempt } from '../jobs/attempt.ts';
import type { Job } from '../jobs/job.ts';
import type { Billed } from '../jobs/live-job.ts';
import { outputCapOf } from '../tokens/output-cap.ts';

/** The accounts' row of one attempt of a job. */
export function usageRowOf(job: Job, attempt: Attempt, billed: Billed, cache: CacheState = 'miss'): UsageRow {
  const cap = outputCapOf(job.estimate);
  return {
    team: job.team,
    jobId: job.id,
    attempt: attempt.number,
    atMs: attempt.startedAtMs + attempt.latencyMs,
    model: attempt.model ?? job.model,
    endpoint: job.endpoint,
    deployment: attempt.deployment,
    region: attempt.region,
    lane: job.lane,
    project: job.metadata['project'] ?? null,
    usage: billed.usage,
    costNanoUsd: billed.cost.nanoUsd,
    priceId: billed.cost.priceId,
    measured: billed.cost.measured,
    cache,
    outcome: attempt.outcome,
    statusCode: attempt.statusCode,
    errorCode: attempt.reason,
    latencyMs: attempt.latencyMs,
    ...(cap === null ? {} : { capSetBy: cap.setBy, choices: job.estimate.choices ?? 1 }),
  };
}
