import type { PoolConfig, WeirConfig } from '../config/config-schema.ts';
import type { Estimate } from '../tokens/estimate.ts';
import type { Usage } from '../tokens/usage.ts';
import { findPrice, type Price } from './find-price.ts';
import type { UsageCost } from './usage-cost.ts';

/** Prompts longer than this cost more where the price has a long-prompt tier. */
const longPromptTokens = 272_000;

const perMillion = 1_000_000n;

/**
 * Prices usage in integer nano-dollars, rounded half up once. Cached input is part of the input, reasoning part of the
 * output. `measured` is false when the tokens are an estimate or the price is a fallback.
 */
export function priceUsage(usage: Usage, price: Price, areTokensMeasured: boolean): UsageCost {
  return {
    nanoUsd: costOf(usage, price),
    priceId: price.id,
    measured: areTokensMeasured && !price.isFallback,
  };
}

/** What an estimate costs on the dearest deployment of its pool, as accepted jobs show it. */
export function estimateCost(estimate: Estimate, pool: PoolConfig, prices: WeirConfig['prices'], atMs: number): number {
  return dearest(pool, prices, atMs, {
    inputTokens: estimate.inputTokens,
    cachedInputTokens: 0,
    outputTokens: estimate.outputTokens,
    reasoningTokens: 0,
  });
}

/**
 * Upper bound of a request's cost, held in the team's budget: prompt (times what earlier usage says of the estimate) plus
 * 5 %, and the whole output cap, on the dearest deployment of the pool.
 */
export function holdCost(
  estimate: Estimate,
  pool: PoolConfig,
  prices: WeirConfig['prices'],
  atMs: number,
  promptCorrection = 1,
): number {
  return dearest(pool, prices, atMs, {
    inputTokens: Math.ceil(estimate.inputTokens * promptCorrection * 1.05),
    cachedInputTokens: 0,
    outputTokens: estimate.outputTokens,
    reasoningTokens: 0,
  });
}

/** Models of pools that no price is known for: they are priced as the fallback, and the start says so. */
export function findUnpricedPools(config: WeirConfig, atMs: number): readonly string[] {
  return config.pools
    .filter((pool) => findPrice(config.prices, { model: pool.price, sku: 'GlobalStandard', atMs }).isFallback)
    .map((pool) => pool.model);
}

function dearest(pool: PoolConfig, prices: WeirConfig['prices'], atMs: number, usage: Usage): number {
  const costs = pool.deployments.map(({ sku }) => costOf(usage, findPrice(prices, { model: pool.price, sku, atMs })));
  return Math.max(0, ...costs);
}

function costOf(usage: Usage, price: Price): number {
  const isLong = price.hasLongPromptTier && usage.inputTokens > longPromptTokens;
  const freshTokens = usage.inputTokens - usage.cachedInputTokens;
  const inputs =
    BigInt(freshTokens) * BigInt(price.input) + BigInt(usage.cachedInputTokens) * BigInt(price.cachedInput);
  const output = BigInt(usage.outputTokens) * BigInt(price.output);
  // Halves keep the long prompt's factors 2 and 1.5 whole until the one rounding.
  const halves = isLong ? inputs * 4n + output * 3n : (inputs + output) * 2n;
  return Number((halves + perMillion) / (2n * perMillion));
}
