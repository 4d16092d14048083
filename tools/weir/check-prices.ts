import type { WeirConfig } from '../../src/core/config/config-schema.ts';
import { findPrice } from '../../src/core/cost/find-price.ts';
import { findUnpricedPools } from '../../src/core/cost/price-usage.ts';
import { type Finding, ok, warning } from './finding.ts';

const dayMs = 24 * 60 * 60 * 1000;
/** List prices of a model seldom change; after a year and a half somebody should have looked. */
const oldestDays = 548;

/** Whether each pool has a price, and since when: what nobody has looked at for long may be billed wrongly. */
export function checkPrices(config: WeirConfig, nowMs: number): readonly Finding[] {
  const unpriced = findUnpricedPools(config, nowMs);
  const findings = unpriced.map((model) =>
    warning(
      `No price is known for ${model}: it is billed as ${config.prices.fallback}, and so marked.`,
      'Add it to prices.overrides, or let pools[].price name a model of the price table.',
    ),
  );
  const dated = listDatedPrices(config, nowMs).filter(({ pool }) => !unpriced.includes(pool));
  const stale = dated.filter(({ since }) => nowMs - Date.parse(since) > oldestDays * dayMs);
  findings.push(
    ...stale.map(({ pool, since }) =>
      warning(
        `The price of ${pool} is that of ${since}, ${Math.floor((nowMs - Date.parse(since)) / dayMs)} days ago.`,
        "Compare it with Azure's price list; where it differs, add the new one to prices.overrides with its day.",
      ),
    ),
  );
  if (findings.length > 0) return findings;
  const oldest = dated.toSorted((left, right) => left.since.localeCompare(right.since))[0];
  return [
    ok(
      `A price is known for every model${oldest ? `; the oldest, of ${oldest.pool}, is that of ${oldest.since}` : ''}`,
    ),
  ];
}

function listDatedPrices({ pools, prices }: WeirConfig, atMs: number): { pool: string; since: string }[] {
  return pools.map((pool) => {
    // `<model>/<sku class>/<effective date>`
    const { id } = findPrice(prices, { model: pool.price, sku: 'GlobalStandard', atMs });
    return { pool: pool.model, since: id.slice(id.lastIndexOf('/') + 1) };
  });
}
