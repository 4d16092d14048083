import { describe, expect, it } from 'vitest';
import { parseUsd } from '../../../../src/core/budgets/money.ts';
import { findPrice } from '../../../../src/core/cost/find-price.ts';
import { listPrices } from '../../../../src/core/cost/price-table.ts';

const now = Date.parse('2026-11-23T00:00:00Z');
const prices = { fallback: 'gpt-4.1', overrides: [] };
const find = (model: string, sku: Parameters<typeof findPrice>[1]['sku'] = 'GlobalStandard', atMs = now) =>
  findPrice(prices, { model, sku, atMs });

/** Dollars per million as nano-dollars per million. */
const usd = (text: string) => parseUsd(text);

describe('findPrice', () => {
  it('finds the price of the list with its id', () => {
    expect(find('gpt-4.1-mini')).toEqual({
      id: 'gpt-4.1-mini/global/2026-08-05',
      input: usd('0.40'),
      cachedInput: usd('0.10'),
      output: usd('1.60'),
      hasLongPromptTier: false,
      isFallback: false,
      isProvisioned: false,
    });
  });

  it('adds a tenth for DataZone and Regional, exactly', () => {
    expect(find('gpt-5-nano', 'DataZoneStandard')).toMatchObject({
      id: 'gpt-5-nano/datazone/2026-08-05',
      input: usd('0.055'),
      cachedInput: usd('0.0055'),
      output: usd('0.44'),
    });
    expect(find('o3-mini', 'Standard')).toMatchObject({
      id: 'o3-mini/regional/2026-08-05',
      input: usd('1.21'),
      cachedInput: usd('0.605'),
    });
  });

  it('charges nothing per token of provisioned capacity, and says that it is that', () => {
    for (const sku of ['ProvisionedManaged', 'DataZoneProvisionedManaged', 'GlobalProvisionedManaged'] as const) {
      expect(find('gpt-4.1', sku)).toMatchObject({
        input: 0,
        cachedInput: 0,
        output: 0,
        isProvisioned: true,
        isFallback: false,
      });
    }
  });

  it('keeps the old price for usage before a cut and takes the new one from its first moment', () => {
    const cut = Date.parse('2026-10-03T00:00:00Z');
    expect(find('gpt-5.6-luna', 'GlobalStandard', cut - 1)).toMatchObject({
      id: 'gpt-5.6-luna/global/2026-08-05',
      input: usd('1.00'),
    });
    expect(find('gpt-5.6-luna', 'GlobalStandard', cut)).toMatchObject({
      id: 'gpt-5.6-luna/global/2026-10-03',
      input: usd('0.20'),
    });
  });

  it('prices usage before the earliest row by that row', () => {
    expect(find('gpt-4.1', 'GlobalStandard', Date.parse('2024-01-01'))).toMatchObject({
      id: 'gpt-4.1/global/2026-08-05',
      isFallback: false,
    });
  });

  it('prices an unknown model as the fallback, flagged and never zero', () => {
    expect(find('gpt-6-astra')).toMatchObject({
      id: 'gpt-4.1/global/2026-08-05',
      input: usd('2.00'),
      isFallback: true,
    });
    expect(find('gpt-6-astra', 'DataZoneStandard').input).toBe(usd('2.20'));
  });

  it('charges cached input in full where there is no discount', () => {
    expect(find('o3-pro').cachedInput).toBe(usd('20'));
    expect(find('text-embedding-3-small')).toMatchObject({ input: usd('0.02'), output: 0 });
  });

  describe('with prices of the configuration', () => {
    const own = (fields: Record<string, unknown>) => ({
      fallback: 'gpt-4.1',
      overrides: [
        {
          model: 'gpt-4.1',
          skuClass: 'global' as const,
          effectiveFrom: '2026-01-01',
          inputUsdPerMillion: '1',
          outputUsdPerMillion: '4',
          ...fields,
        },
      ],
    });

    it('takes them before the list, whatever the dates, once they have begun', () => {
      expect(findPrice(own({}), { model: 'gpt-4.1', sku: 'GlobalStandard', atMs: now })).toMatchObject({
        id: 'gpt-4.1/global/2026-01-01',
        input: usd('1'),
        cachedInput: usd('1'),
      });
      expect(
        findPrice(own({ effectiveFrom: '2027-01-01' }), { model: 'gpt-4.1', sku: 'GlobalStandard', atMs: now }).input,
      ).toBe(usd('2'));
    });

    it('derives other classes from a Global one and takes an exact one as it is', () => {
      expect(findPrice(own({}), { model: 'gpt-4.1', sku: 'Standard', atMs: now }).input).toBe(usd('1.1'));
      expect(
        findPrice(own({ skuClass: 'datazone' }), { model: 'gpt-4.1', sku: 'DataZoneStandard', atMs: now }).input,
      ).toBe(usd('1'));
      expect(
        findPrice(own({ skuClass: 'datazone' }), { model: 'gpt-4.1', sku: 'GlobalStandard', atMs: now }).input,
      ).toBe(usd('2'));
    });

    it('knows a model by them', () => {
      expect(
        findPrice(own({ model: 'gpt-6-astra' }), { model: 'gpt-6-astra', sku: 'GlobalStandard', atMs: now }),
      ).toMatchObject({ input: usd('1'), isFallback: false });
    });
  });
});

describe('the price table', () => {
  it('holds exact amounts, one row per model and day, no cached price above the input', () => {
    for (const row of listPrices) {
      for (const amount of [row.input, row.cachedInput ?? '0', row.output])
        expect(parseUsd(amount), `${row.model} ${amount}`).not.toBeNull();
      expect(parseUsd(row.cachedInput ?? '0')).toBeLessThanOrEqual(parseUsd(row.input) ?? 0);
      expect(parseUsd(row.input)).toBeGreaterThan(0);
    }
    expect(new Set(listPrices.map((row) => `${row.model} ${row.effectiveFrom}`)).size).toBe(listPrices.length);
  });
});
