import type { ObservedDate } from '../../src/core/adapters/azure-storage/observe-date.ts';
import { learnOffset, unknownOffset } from '../../src/core/adapters/system/storage-offset.ts';
import { type Finding, ok, skipped, warning } from './finding.ts';

/** Leases and bookings follow storage time whatever this clock says; signatures and tokens do not. */
const tolerableMs = 5000;

/** Compares a clock with the `Date` of answers that it timed; `whose` names the clock, `other` the one that answered. */
export function checkClock(whose: string, answers: readonly ObservedDate[], other = 'storage'): Finding {
  if (answers.length === 0) return skipped(`${whose}: no answer told the time`);
  const { offsetMs } = answers.reduce(learnOffset, unknownOffset);
  const time = other === 'storage' ? 'storage time' : other;
  const seconds = (Math.abs(offsetMs) / 1000).toFixed(1);
  if (Math.abs(offsetMs) <= tolerableMs) {
    return ok(offsetMs === 0 ? `${whose} agrees with ${other}` : `${whose} is ${seconds} s off ${time}`);
  }
  return warning(
    `${whose} is ${seconds} s ${offsetMs > 0 ? 'behind' : 'ahead of'} ${time}.`,
    'Set it by NTP: beyond a minute tokens are refused, beyond 15 minutes storage is.',
  );
}
