/** How a limit's period moves: with every request (as observed on the service) or in steps of its length (as documented). */
export type WindowKind = 'sliding' | 'fixed';

/** What was charged within one period: plain data, amounts by millisecond, oldest first from `head`. */
export type WindowLog = {
  kind: WindowKind;
  lengthMs: number;
  times: number[];
  amounts: number[];
  head: number;
  sum: number;
};

const COMPACT_AFTER = 1024;

/** An empty log of one period of `lengthMs`. */
export function createWindowLog(kind: WindowKind, lengthMs: number): WindowLog {
  return { kind, lengthMs, times: [], amounts: [], head: 0, sum: 0 };
}

/** Drops what no longer counts at `nowMs` and returns the sum of what does: a charge counts for exactly `lengthMs`. */
export function sumWindow(log: WindowLog, nowMs: number): number {
  const oldestMs = log.kind === 'sliding' ? nowMs - log.lengthMs : periodStart(log, nowMs) - 1;
  while (log.head < log.times.length && (log.times[log.head] ?? 0) <= oldestMs) {
    log.sum -= log.amounts[log.head] ?? 0;
    log.head += 1;
  }
  if (log.head >= COMPACT_AFTER && log.head * 2 >= log.times.length) {
    log.times.splice(0, log.head);
    log.amounts.splice(0, log.head);
    log.head = 0;
  }
  return log.sum;
}

/** Charges `amount` at `nowMs`; charges of one millisecond share an entry, so a log never outgrows its period. */
export function chargeWindow(log: WindowLog, amount: number, nowMs: number): void {
  const last = log.times.length - 1;
  if (last >= log.head && log.times[last] === nowMs) {
    log.amounts[last] = (log.amounts[last] ?? 0) + amount;
  } else {
    log.times.push(nowMs);
    log.amounts.push(amount);
  }
  log.sum += amount;
}

/** Milliseconds until `amount` more fits under `limit` (0: now), or null when it is larger than the limit itself. */
export function msUntilFits(log: WindowLog, amount: number, limit: number, nowMs: number): number | null {
  let sum = sumWindow(log, nowMs);
  if (sum + amount <= limit) return 0;
  if (amount > limit) return null;
  if (log.kind === 'fixed') return periodStart(log, nowMs) + log.lengthMs - nowMs;
  for (let index = log.head; index < log.times.length; index += 1) {
    sum -= log.amounts[index] ?? 0;
    if (sum + amount <= limit) return (log.times[index] ?? 0) + log.lengthMs - nowMs;
  }
  return log.lengthMs;
}

/** Milliseconds until nothing of what is charged now counts any more; 0 for an empty log. */
export function msUntilEmpty(log: WindowLog, nowMs: number): number {
  if (sumWindow(log, nowMs) === 0) return 0;
  if (log.kind === 'fixed') return periodStart(log, nowMs) + log.lengthMs - nowMs;
  return (log.times[log.times.length - 1] ?? nowMs) + log.lengthMs - nowMs;
}

function periodStart(log: WindowLog, nowMs: number): number {
  return Math.floor(nowMs / log.lengthMs) * log.lengthMs;
}
