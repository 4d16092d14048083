import type { DeploymentConfig, PoolConfig, WeirConfig } from '../config/config-schema.ts';
import { findPool } from '../config/find-deployment.ts';
import { findPrice } from '../cost/find-price.ts';
import { estimateCost, holdCost, priceUsage } from '../cost/price-usage.ts';
import type { Job } from '../jobs/job.ts';
import type { Billed } from '../jobs/live-job.ts';
import type { Billing } from '../retry/classification.ts';
import type { Estimate } from '../tokens/estimate.ts';
import { estimateRerun } from '../tokens/estimate-rerun.ts';
import { noUsage, type Usage } from '../tokens/usage.ts';
import type { Ports } from './ports.ts';

/** What an attempt is billed: by the usage it reported, by the estimate where nobody can tell, or nothing. */
export function priceAttempt(ports: Ports, job: Job, deployment: string, billing: Billing): Billed {
  if (billing.kind === 'none') {
    return { usage: noUsage, cost: { nanoUsd: 0, priceId: null, measured: true } };
  }
  const config = ports.config.current();
  const { sku, price } = skuAndPrice(config, job.model, deployment);
  const usage = billing.kind === 'measured' ? billing.usage : estimatedUsage(job.estimate, billing.part);
  const rates = findPrice(config.prices, { model: price, sku, atMs: ports.clock.now() });
  return { usage, cost: priceUsage(usage, rates, billing.kind === 'measured') };
}

/** What one run of a request is expected to cost, and the upper bound of all its runs, which is held for it. */
export function priceEstimate(
  config: WeirConfig,
  pool: PoolConfig,
  estimate: Estimate,
  atMs: number,
): { readonly estimateNanoUsd: number; readonly holdNanoUsd: number } {
  const rerun = estimateRerun(estimate);
  const held = (run: Estimate) => holdCost(run, pool, config.prices, atMs);
  return {
    estimateNanoUsd: estimateCost(estimate, pool, config.prices, atMs),
    // The budget must bear the re-run too: it is asked for in the place of this hold.
    holdNanoUsd: held(estimate) + (rerun === null ? 0 : held(rerun)),
  };
}

function estimatedUsage(estimate: Estimate, part: 'input' | 'all'): Usage {
  return {
    ...noUsage,
    inputTokens: estimate.inputTokens,
    outputTokens: part === 'all' ? estimate.outputTokens : 0,
  };
}

/** A deployment that was taken out of the configuration meanwhile is priced as its pool's first one. */
function skuAndPrice(config: WeirConfig, model: string, name: string): { sku: DeploymentConfig['sku']; price: string } {
  const pool = findPool(config, model);
  const deployment = pool?.deployments.find((candidate) => candidate.name === name) ?? pool?.deployments[0];
  return { sku: deployment?.sku ?? 'Standard', price: pool?.price ?? model };
}
