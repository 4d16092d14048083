import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatUsd } from '../../../../src/core/budgets/money.ts';
import { findPrice } from '../../../../src/core/cost/find-price.ts';
import { estimateCost, findUnpricedPools, holdCost, priceUsage } from '../../../../src/core/cost/price-usage.ts';
import type { Usage } from '../../../../src/core/tokens/usage.ts';
import { exampleConfig } from '../config/example.ts';
import { minimalConfig } from '../config/minimal-config.ts';

const atMs = Date.parse('2026-11-23T00:00:00Z');
const prices = { fallback: 'gpt-4.1', overrides: [] };
const priceOf = (model: string) => findPrice(prices, { model, sku: 'GlobalStandard', atMs });
const usage = (inputTokens: number, outputTokens = 0, cachedInputTokens = 0): Usage => ({
  inputTokens,
  cachedInputTokens,
  outputTokens,
  reasoningTokens: 0,
});
const cost = (model: string, used: Usage) => priceUsage(used, priceOf(model), true).nanoUsd;

describe('priceUsage', () => {
  it('prices the example of the contract', () => {
    const priced = priceUsage(usage(198, 241), priceOf('gpt-4.1-mini'), true);
    expect(priced).toEqual({ nanoUsd: 464_800, priceId: 'gpt-4.1-mini/global/2026-08-05', measured: true });
    expect(formatUsd(priced.nanoUsd)).toBe('0.000465');
  });

  it('prices an embedding of 8 tokens at 160 nano-dollars', () => {
    expect(cost('text-embedding-3-small', usage(8))).toBe(160);
  });

  it('charges cached input at its own price and reasoning as output', () => {
    expect(cost('gpt-4.1-mini', usage(1000, 0, 400))).toBe(600 * 400 + 400 * 100);
    expect(cost('gpt-5', { ...usage(0, 100), reasoningTokens: 90 })).toBe(100 * 10_000);
  });

  it('rounds half up, once', () => {
    const regional = findPrice(prices, { model: 'gpt-5-nano', sku: 'Standard', atMs });
    // 5.5 nano-dollars a cached token.
    expect(priceUsage(usage(1, 0, 1), regional, true).nanoUsd).toBe(6);
    expect(priceUsage(usage(2, 0, 2), regional, true).nanoUsd).toBe(11);
    expect(priceUsage(usage(3, 0, 3), regional, true).nanoUsd).toBe(17);
  });

  it('stays exact where floats would not', () => {
    expect(cost('gpt-5.4-pro', usage(0, 40_000_003))).toBe(40_000_003 * 180_000);
  });

  it('charges long prompts more, from the first token over the line', () => {
    expect(cost('gpt-5.4', usage(272_000, 1))).toBe(272_000 * 2500 + 15_000);
    expect(cost('gpt-5.4', usage(272_001, 1))).toBe(272_001 * 5000 + 22_500);
    expect(cost('gpt-4.1', usage(300_000))).toBe(300_000 * 2000);
  });

  it('is measured only when tokens and price are', () => {
    expect(priceUsage(usage(1), priceOf('gpt-4.1'), false).measured).toBe(false);
    expect(priceUsage(usage(1), priceOf('gpt-6-astra'), true).measured).toBe(false);
  });

  it('never costs less for more', () => {
    fc.assert(
      fc.property(fc.nat(500_000), fc.nat(500_000), fc.nat(100_000), (input, output, more) => {
        expect(cost('gpt-5.5', usage(input + more, output))).toBeGreaterThanOrEqual(
          cost('gpt-5.5', usage(input, output)),
        );
        expect(Number.isSafeInteger(cost('gpt-5.5', usage(input, output, Math.floor(input / 2))))).toBe(true);
      }),
    );
  });
});

describe('holds', () => {
  const estimate = { inputTokens: 210, outputTokens: 500, promptCharacters: 840, imposedOutputCap: null };
  const config = exampleConfig();
  const [pool] = config.pools;
  if (pool === undefined) throw new Error('The example has a pool');

  it('show the estimate and hold 5 % more prompt', () => {
    expect(estimateCost(estimate, pool, config.prices, atMs)).toBe(884_000);
    expect(holdCost(estimate, pool, config.prices, atMs)).toBe(221 * 400 + 500 * 1600);
    expect(holdCost(estimate, pool, config.prices, atMs, 2)).toBe(441 * 400 + 500 * 1600);
  });

  it('are those of the dearest deployment', () => {
    const [first, second] = pool.deployments;
    if (first === undefined || second === undefined) throw new Error('The example has two deployments');
    const mixed = {
      ...pool,
      deployments: [{ ...first, sku: 'ProvisionedManaged' as const }, second, { ...second, sku: 'Standard' as const }],
    };
    expect(estimateCost(estimate, mixed, config.prices, atMs)).toBe(972_400);
  });

  it('cover any cost within the estimate', () => {
    fc.assert(
      fc.property(
        fc.nat(200_000),
        fc.nat(4096),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (inputTokens, outputTokens, share) => {
          const held = holdCost({ ...estimate, inputTokens, outputTokens }, pool, config.prices, atMs);
          const actual = cost('gpt-4.1-mini', usage(Math.floor(inputTokens * 1.05), Math.floor(outputTokens * share)));
          expect(actual).toBeLessThanOrEqual(held);
        },
      ),
    );
  });
});

describe('findUnpricedPools', () => {
  it('names models that are in no table', () => {
    const [pool] = minimalConfig().pools;
    const pools = [pool, { ...pool, model: 'gpt-6-astra' }, { ...pool, model: 'own-name', price: 'gpt-4.1' }];
    expect(findUnpricedPools(exampleConfig({ pools }), atMs)).toEqual(['gpt-6-astra']);
  });
});
