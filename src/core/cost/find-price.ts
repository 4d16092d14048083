import { parseUsd } from '../budgets/money.ts';
import type { Sku, WeirConfig } from '../config/config-schema.ts';
import { type ListPrice, listPrices } from './price-table.ts';

/** Where a deployment's tokens are priced; provisioned capacity is paid by the hour, its tokens cost nothing. */
export type SkuClass = 'global' | 'datazone' | 'regional' | 'provisioned';

/** What tokens cost, in integer nano-dollars per million tokens. */
export interface Price {
  /** `<model>/<sku class>/<effective date>`. */
  readonly id: string;
  readonly input: number;
  readonly cachedInput: number;
  readonly output: number;
  readonly hasLongPromptTier: boolean;
  /** True when the model is in no table: priced as the configured fallback, to be reported. */
  readonly isFallback: boolean;
  /** True when the deployment is provisioned: zero per token is right, its hours are accounted elsewhere. */
  readonly isProvisioned: boolean;
}

export interface PriceQuery {
  /** Key in the price table: the pool's `price`. */
  readonly model: string;
  readonly sku: Sku;
  readonly atMs: number;
}

const skuClasses: Readonly<Record<Sku, SkuClass>> = {
  Standard: 'regional',
  DataZoneStandard: 'datazone',
  GlobalStandard: 'global',
  ProvisionedManaged: 'provisioned',
  DataZoneProvisionedManaged: 'provisioned',
  GlobalProvisionedManaged: 'provisioned',
};

/**
 * Finds the price in force at the moment: the configuration's own first, then the list's; DataZone and Regional cost 1.1
 * times Global where they have no price of their own. An unknown model gets the configured fallback's price, never zero.
 */
export function findPrice(prices: WeirConfig['prices'], query: PriceQuery): Price {
  const skuClass = skuClasses[query.sku];
  const own = findRow(prices, query.model, skuClass, query.atMs);
  const found = own ?? findRow(prices, prices.fallback, skuClass, query.atMs);
  if (found === null)
    throw new Error(`prices.fallback "${prices.fallback}" has no price; the configuration check refuses this`);
  const { row, factorTenths } = found;
  const scale = (usd: string) => (skuClass === 'provisioned' ? 0 : Math.round((nanoUsdOf(usd) * factorTenths) / 10));
  return {
    id: `${row.model}/${skuClass}/${row.effectiveFrom}`,
    input: scale(row.input),
    cachedInput: scale(row.cachedInput ?? row.input),
    output: scale(row.output),
    hasLongPromptTier: row.hasLongPromptTier === true,
    isFallback: own === null,
    isProvisioned: skuClass === 'provisioned',
  };
}

interface FoundRow {
  readonly row: ListPrice;
  /** 10 = as listed, 11 = the surcharge of DataZone and Regional. */
  readonly factorTenths: 10 | 11;
}

function findRow(prices: WeirConfig['prices'], model: string, skuClass: SkuClass, atMs: number): FoundRow | null {
  const ownRows = (wanted: SkuClass) =>
    prices.overrides
      .filter((override) => override.model === model && override.skuClass === wanted)
      .map((override) => ({
        model,
        effectiveFrom: override.effectiveFrom,
        input: override.inputUsdPerMillion,
        cachedInput: override.cachedInputUsdPerMillion ?? null,
        output: override.outputUsdPerMillion,
      }));
  const exact = newestRow(ownRows(skuClass), atMs);
  if (exact !== null) return { row: exact, factorTenths: 10 };
  const listed = listPrices.filter((price) => price.model === model);
  const global =
    newestRow(ownRows('global'), atMs) ?? newestRow(listed, atMs) ?? earliestRow([...listed, ...ownRows('global')]);
  return global === null
    ? null
    : { row: global, factorTenths: skuClass === 'datazone' || skuClass === 'regional' ? 11 : 10 };
}

function newestRow(rows: readonly ListPrice[], atMs: number): ListPrice | null {
  const begun = rows.filter((row) => Date.parse(row.effectiveFrom) <= atMs);
  return begun.reduce<ListPrice | null>(
    (best, row) => (best === null || row.effectiveFrom >= best.effectiveFrom ? row : best),
    null,
  );
}

function earliestRow(rows: readonly ListPrice[]): ListPrice | null {
  return rows.reduce<ListPrice | null>(
    (best, row) => (best === null || row.effectiveFrom < best.effectiveFrom ? row : best),
    null,
  );
}

function nanoUsdOf(usd: string): number {
  const nanoUsd = parseUsd(usd);
  if (nanoUsd === null) throw new Error('A price is no decimal amount; the configuration check refuses this');
  return nanoUsd;
}
