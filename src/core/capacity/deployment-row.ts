import { createLedger, type DeploymentLedger } from './deployment-ledger.ts';
import { isFigure, parseObject } from './read-fields.ts';
import { decodeRing, decodeTimes, encodeRing, encodeTimes } from './ring-text.ts';
import { isSealSound, sealRow } from './row-seal.ts';
import { deploymentRing } from './token-ring.ts';

/** No time in a row lies further ahead: cool-downs and far bookings end sooner, and clocks are not that far apart. */
const FARTHEST_MS = 15 * 60_000;
const LEAST_CALIBRATION = 0.25;
const MOST_CALIBRATION = 4;

/** A deployment's row as sealed text. */
export function encodeLedger(ledger: DeploymentLedger): string {
  const { ring, requests, ...rest } = ledger;
  return sealRow(JSON.stringify({ ...rest, ring: encodeRing(ring), requests: encodeTimes(requests) }));
}

/** The ledger of a row; null when the row is damaged. */
export function decodeLedger(text: string, nowMs: number): DeploymentLedger | null {
  const row = isSealSound(text) ? parseObject(text) : null;
  if (row === null) return null;
  const ring = decodeRing(String(row['ring']));
  const requests = decodeTimes(String(row['requests'] ?? '?'));
  if (ring === null || requests === null) return null;
  const ledger = createLedger();
  const numbers = {
    pacedUntilMs: row['pacedUntilMs'],
    requestsPacedUntilMs: row['requestsPacedUntilMs'],
    evenUntilMs: row['evenUntilMs'] ?? 0,
    catchUpUntilMs: row['catchUpUntilMs'],
    cooledUntilMs: row['cooledUntilMs'],
    calibration: row['calibration'],
    resetSeenAtMs: row['resetSeenAtMs'],
    driftCount: row['driftCount'],
    failoversFrom: row['failoversFrom'],
    failoversTo: row['failoversTo'],
  };
  for (const value of Object.values(numbers)) if (!isFigure(value)) return null;
  // Figures that parse can still be wrong: what no commit could have written is damage too.
  const { calibration, driftCount, failoversFrom, failoversTo, ...times } = numbers;
  if (Number(calibration) < LEAST_CALIBRATION || Number(calibration) > MOST_CALIBRATION) return null;
  const latest = [...Object.values(times).map(Number), (ring.first + ring.tokens.length) * deploymentRing.bucketMs];
  if (Math.max(...latest) > nowMs + FARTHEST_MS) return null;
  return Object.assign(ledger, numbers, {
    ring,
    requests,
    health: row['health'] ?? null,
  });
}
