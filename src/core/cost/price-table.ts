/** List price of a model's Global Standard deployment from a day on, in dollars per million tokens. */
export interface ListPrice {
  readonly model: string;
  /** `YYYY-MM-DD`, midnight UTC; usage before the earliest row of a model is priced by that row. */
  readonly effectiveFrom: string;
  readonly input: string;
  /** Null where the service has no discount: cached input then costs what input costs. */
  readonly cachedInput: string | null;
  readonly output: string;
  /** Prompts over 272,000 tokens cost twice the input and one and a half times the output price. */
  readonly hasLongPromptTier?: true;
}

const observed = '2026-08-05';
const cut = '2026-10-03';
const embeddingsChecked = '2025-07-13';

function row(
  model: string,
  input: string,
  cachedInput: string | null,
  output: string,
  effectiveFrom = observed,
): ListPrice {
  return { model, effectiveFrom, input, cachedInput, output };
}

/**
 * Azure Retail Prices as observed (reference/cache-and-finops.md §2.3). New prices are new rows: old rows are never
 * changed, so that old usage keeps its price. The cached prices of gpt-5.6 after its cut are not published; the old
 * ones stand, which can only be too high.
 */
export const listPrices: readonly ListPrice[] = [
  row('gpt-4o', '2.50', '1.25', '10.00'),
  row('gpt-4o-mini', '0.15', '0.075', '0.60'),
  row('gpt-4.1', '2.00', '0.50', '8.00'),
  row('gpt-4.1-mini', '0.40', '0.10', '1.60'),
  row('gpt-4.1-nano', '0.10', '0.025', '0.40'),
  row('o1', '15.00', '7.50', '60.00'),
  row('o3', '2.00', '0.50', '8.00'),
  row('o3-mini', '1.10', '0.55', '4.40'),
  row('o3-pro', '20.00', null, '80.00'),
  row('o4-mini', '1.10', '0.275', '4.40'),
  row('gpt-5', '1.25', '0.125', '10.00'),
  row('gpt-5-mini', '0.25', '0.025', '2.00'),
  row('gpt-5-nano', '0.05', '0.005', '0.40'),
  row('gpt-5-pro', '15.00', null, '120.00'),
  row('gpt-5.1', '1.25', '0.125', '10.00'),
  row('gpt-5.2', '1.75', '0.175', '14.00'),
  { ...row('gpt-5.4', '2.50', '0.25', '15.00'), hasLongPromptTier: true },
  row('gpt-5.4-mini', '0.75', '0.075', '4.50'),
  row('gpt-5.4-nano', '0.20', '0.02', '1.25'),
  row('gpt-5.4-pro', '30.00', null, '180.00'),
  { ...row('gpt-5.5', '5.00', '0.50', '30.00'), hasLongPromptTier: true },
  row('gpt-5.6-sol', '5.00', '0.50', '30.00'),
  row('gpt-5.6-sol', '4.00', '0.50', '20.00', cut),
  row('gpt-5.6-terra', '2.50', '0.25', '15.00'),
  row('gpt-5.6-terra', '2.00', '0.25', '12.00', cut),
  row('gpt-5.6-luna', '1.00', '0.10', '6.00'),
  row('gpt-5.6-luna', '0.20', '0.10', '1.20', cut),
  row('text-embedding-3-small', '0.02', null, '0', embeddingsChecked),
  row('text-embedding-3-large', '0.13', null, '0', embeddingsChecked),
  row('text-embedding-ada-002', '0.10', null, '0', embeddingsChecked),
];

/** Whether the table knows a model under this key. */
export function hasListPrice(model: string): boolean {
  return listPrices.some((price) => price.model === model);
}
