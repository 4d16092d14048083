/** Nano-dollars in one dollar: all money in rows is an integer of these. */
export const nanoUsdPerUsd = 1_000_000_000;

/** Largest amount that stays an exact integer of nano-dollars in a JavaScript number, rounded down to whole dollars. */
export const largestUsd = 9_000_000;

const decimalUsd = /^(\d{1,7})(?:\.(\d{1,9}))?$/;

/** Reads a decimal string such as `"250.00"` exactly into nano-dollars; null when it is no such amount or above 9,000,000. */
export function parseUsd(text: string): number | null {
  const match = decimalUsd.exec(text);
  if (match === null) return null;
  const [, whole = '0', fraction = ''] = match;
  const nanoUsd = Number(whole) * nanoUsdPerUsd + Number(fraction.padEnd(9, '0'));
  return nanoUsd <= largestUsd * nanoUsdPerUsd ? nanoUsd : null;
}

/** Writes nano-dollars as dollars with six decimals, half up: sum first, format last. Negative amounts keep their sign. */
export function formatUsd(nanoUsd: number): string {
  const microUsd = Math.floor((Math.abs(nanoUsd) + 500) / 1000);
  const whole = Math.floor(microUsd / 1_000_000);
  const fraction = String(microUsd % 1_000_000).padStart(6, '0');
  return `${nanoUsd < 0 && microUsd > 0 ? '-' : ''}${whole}.${fraction}`;
}
