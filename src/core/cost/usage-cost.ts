/** What something cost: integer nano-dollars, the price it was computed with, and whether usage was measured or estimated. */
export interface UsageCost {
  readonly nanoUsd: number;
  /** `<model>/<sku class>/<effective date>`; null when nothing was priced. */
  readonly priceId: string | null;
  readonly measured: boolean;
}
