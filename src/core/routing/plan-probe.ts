import { budgetPeriodAt } from '../budgets/budget-period.ts';
import type { PoolConfig, WeirConfig } from '../config/config-schema.ts';
import { estimateCost, holdCost } from '../cost/price-usage.ts';
import type { Endpoint, Job } from '../jobs/job.ts';
import { makeJobId } from '../jobs/job-id.ts';
import type { Random, Sha256 } from '../random.ts';
import type { Estimate } from '../tokens/estimate.ts';
import { imposeOutputCap } from '../tokens/impose-output-cap.ts';
import { probeLeaseMs } from './breaker.ts';

/** Who pays for probes. No configured team can have this name, so nobody reads them but operators, in the figures. */
export const probeTeam = '~probe';

/** A probe that has not answered by then has failed: its lease in the breaker is over. */
export const probeTimeoutMs = probeLeaseMs;

/** A probe as the job it is kept as, and the body of its call. */
export interface ProbeJob {
  readonly job: Job;
  readonly body: Readonly<Record<string, unknown>>;
}

const question = 'Reply with OK.';
/** The least that the Responses API accepts. */
const outputCap = 16;
const estimate: Estimate = {
  inputTokens: 16,
  outputTokens: outputCap,
  promptCharacters: question.length,
  imposedOutputCap: null,
};

/** The cheapest call that tells whether a deployment serves its model: some twenty tokens, a hundredth of a cent at most. */
export function planProbe(
  target: { readonly config: WeirConfig; readonly pool: PoolConfig; readonly deployment: string },
  given: { readonly now: number; readonly random: Random; readonly sha256: Sha256; readonly traceparent: string },
): ProbeJob {
  const { config, pool, deployment } = target;
  const { now, random, sha256, traceparent } = given;
  const { model } = pool;
  const endpoint = cheapestEndpoint(pool);
  const isEmbedding = endpoint === '/v1/embeddings';
  const asked =
    endpoint === '/v1/chat/completions'
      ? { model, messages: [{ role: 'user', content: question }] }
      : { model, input: question };
  const body = imposeOutputCap(endpoint, model, asked, outputCap);
  const text = JSON.stringify(body);
  const own = isEmbedding ? { ...estimate, outputTokens: 0 } : estimate;
  const job: Job = {
    id: makeJobId(now, random),
    team: probeTeam,
    endpoint,
    model,
    lane: 'interactive',
    createdAtMs: now,
    // After its own time limit: what cuts a probe short is the deployment's silence, not the job's deadline.
    deadlineAtMs: now + 2 * probeTimeoutMs,
    metadata: { project: 'probe', deployment },
    fingerprint: sha256(text),
    idempotencyKeySha256: null,
    request: { kind: 'inline', text },
    estimate: own,
    estimateNanoUsd: estimateCost(own, pool, config.prices, now),
    holdNanoUsd: holdCost(own, pool, config.prices, now),
    budgetPeriod: budgetPeriodAt(now, 'Etc/UTC'),
    traceparent,
    end: null,
  };
  return { job, body };
}

/** Of the operations that the pool serves the one that costs least to ask. */
function cheapestEndpoint({ endpoints }: PoolConfig): Endpoint {
  const byCost = ['/v1/embeddings', '/v1/chat/completions', '/v1/responses'] as const;
  return byCost.find((endpoint) => endpoints.includes(endpoint)) ?? '/v1/chat/completions';
}
