import type { StoredPoolRow } from './capacity-store.ts';
import { createLedger, type DeploymentLedger } from './deployment-ledger.ts';
import type { LaneLine } from './lane-line.ts';
import type { PoolLimits } from './pool-limits.ts';
import { createPoolLine, createPoolState, type PoolLine, type PoolState, type Reservation } from './pool-state.ts';
import { decodeRing, decodeTimes, encodeRing, encodeTimes } from './ring-text.ts';
import { chargeRing, deploymentRing, type RingShape, type TokenRing, teamRing } from './token-ring.ts';

/** The line's row is part of every commit: whoever read an older one loses. */
export const lineKey = 'line';
const deploymentPrefix = 'deployment|';
export const teamPrefix = 'team|';

/** A pool's rows as text by key. */
export function encodePool(state: PoolState): Map<string, string> {
  const rows = new Map([[lineKey, encodeLine(state.line)]]);
  for (const [name, ledger] of state.deployments) rows.set(deploymentPrefix + name, encodeLedger(ledger));
  for (const [name, ring] of state.teams) rows.set(teamPrefix + name, encodeRing(ring));
  return rows;
}

/** A pool as read, and the keys of rows that were damaged and are rebuilt from safe assumptions. */
export interface DecodedPool {
  readonly state: PoolState;
  readonly damaged: readonly string[];
}

/**
 * Reads a pool's rows. A damaged deployment's window is assumed full, so that it takes no call for a minute; a damaged team
 * likewise; a damaged line begins anew, and tickets of the old one are served as they come.
 */
export function decodePool(rows: readonly StoredPoolRow[], limits: PoolLimits, nowMs: number): DecodedPool {
  const state = createPoolState();
  const damaged: string[] = [];
  for (const { key, text } of rows) {
    if (key === lineKey) {
      const line = decodeLine(text);
      if (line === null) damaged.push(key);
      else state.line.lanes = line.lanes;
      if (line !== null) state.line.reservations = line.reservations;
    } else if (key.startsWith(deploymentPrefix)) {
      const name = key.slice(deploymentPrefix.length);
      const ledger = decodeLedger(text, nowMs);
      if (ledger === null) damaged.push(key);
      state.deployments.set(name, ledger ?? assumeFull(name, limits, nowMs));
    } else if (key.startsWith(teamPrefix)) {
      const name = key.slice(teamPrefix.length);
      const ring = decodeRing(text);
      if (ring === null) damaged.push(key);
      state.teams.set(name, ring ?? fullRing(teamRing, limits.teams.get(name)?.tokensPerMinute ?? 0, nowMs));
    }
  }
  return { state, damaged };
}

function assumeFull(name: string, limits: PoolLimits, nowMs: number): DeploymentLedger {
  const ledger = createLedger();
  ledger.ring = fullRing(
    deploymentRing,
    limits.deployments.find((deployment) => deployment.name === name)?.tokensPerMinute ?? 0,
    nowMs,
  );
  return ledger;
}

function fullRing(shape: RingShape, tokens: number, nowMs: number): TokenRing {
  const ring: TokenRing = { first: 0, tokens: [], requests: [] };
  chargeRing(shape, ring, { tokens, requests: 0 }, nowMs);
  return ring;
}

function encodeLedger(ledger: DeploymentLedger): string {
  const { ring, requests, ...rest } = ledger;
  return JSON.stringify({ ...rest, ring: encodeRing(ring), requests: encodeTimes(requests) });
}

/** No time in a row lies further ahead: cool-downs and far bookings end sooner, and clocks are not that far apart. */
const FARTHEST_MS = 15 * 60_000;
const LEAST_CALIBRATION = 0.25;
const MOST_CALIBRATION = 4;

function decodeLedger(text: string, nowMs: number): DeploymentLedger | null {
  const row = parseObject(text);
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
    coolReason: typeof row['coolReason'] === 'string' ? row['coolReason'] : null,
    health: row['health'] ?? null,
  });
}

function encodeLine(line: PoolLine): string {
  const { interactive, standard, bulk } = line.lanes;
  const lanes = { interactive: encodeLane(interactive), standard: encodeLane(standard), bulk: encodeLane(bulk) };
  return JSON.stringify({ lanes, reservations: line.reservations });
}

function encodeLane(lane: LaneLine): object {
  return { ...lane, used: encodeRing(lane.used) };
}

function decodeLine(text: string): PoolLine | null {
  const row = parseObject(text);
  const lanes = row === null ? null : readObject(row['lanes']);
  const reservations = row === null ? null : row['reservations'];
  if (lanes === null || !Array.isArray(reservations) || !reservations.every(isReservation)) return null;
  const line = createPoolLine();
  for (const name of ['interactive', 'standard', 'bulk'] as const) {
    const lane = decodeLane(lanes[name]);
    if (lane === null) return null;
    line.lanes[name] = lane;
  }
  line.reservations = reservations;
  return line;
}

function decodeLane(value: unknown): LaneLine | null {
  const row = readObject(value);
  if (row === null) return null;
  const { virtual, credit, skipped, meanCost } = row;
  const used = decodeRing(String(row['used']));
  const finishes = readObject(row['finishes']);
  const dead = readObject(row['dead']);
  if (!isFigure(virtual) || !isFigure(credit) || !isFigure(skipped) || !isFigure(meanCost)) return null;
  if (used === null || finishes === null || dead === null) return null;
  if (!isFigures(finishes) || !isStretches(dead)) return null;
  return { virtual, credit, skipped, meanCost, used, finishes, dead };
}

function isFigure(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}

function isFigures(value: Record<string, unknown>): value is Record<string, number> {
  return Object.values(value).every(isFigure);
}

function isStretches(value: Record<string, unknown>): value is Record<string, [number, number][]> {
  return Object.values(value).every(
    (stretches) =>
      Array.isArray(stretches) &&
      stretches.every((stretch) => Array.isArray(stretch) && stretch.length === 2 && stretch.every(isFigure)),
  );
}

function isReservation(value: unknown): value is Reservation {
  const row = readObject(value);
  if (row === null) return false;
  const texts = [row['jobId'], row['team'], row['lane'], row['deployment']];
  return texts.every((text) => typeof text === 'string') && isFigure(row['tokens']) && isFigure(row['sendAtMs']);
}

function readObject(value: unknown): Record<string, unknown> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    return readObject(JSON.parse(text));
  } catch {
    return null;
  }
}
