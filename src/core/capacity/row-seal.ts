import { parseObject } from './read-fields.ts';

/** The field that closes a sealed row; builds that know nothing of it pass it over. */
const SEAL = /,"seal":"([0-9a-z]{1,11})"\}$/;

/** A text's checksum, 53 bits in base 36. It tells of damage and of hands, not of forgers. */
export function checksumOf(text: string): string {
  let high = 0xdeadbeef;
  let low = 0x41c6ce57;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    high = Math.imul(high ^ code, 2654435761);
    low = Math.imul(low ^ code, 1597334677);
  }
  const [mixedHigh, mixedLow] = [mix(high, low), mix(low, high)];
  return (4294967296 * (2097151 & mixedHigh) + (mixedLow >>> 0)).toString(36);
}

function mix(value: number, other: number): number {
  return Math.imul(value ^ (value >>> 16), 2246822507) ^ Math.imul(other ^ (other >>> 13), 3266489909);
}

/** Closes the text of a JSON object that has fields with a checksum over all of it. */
export function sealRow(text: string): string {
  return `${text.slice(0, -1)},"seal":"${checksumOf(text)}"}`;
}

/** Whether a row is as it was written. A row without a seal is an older build's and passes; one whose seal was moved does not. */
export function isSealSound(text: string): boolean {
  const seal = SEAL.exec(text);
  if (seal === null) return !Object.hasOwn(parseObject(text) ?? {}, 'seal');
  return checksumOf(`${text.slice(0, seal.index)}}`) === seal[1];
}
