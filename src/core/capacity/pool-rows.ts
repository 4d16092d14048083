import { farthestBookingMs, mostSendDelayMs } from './capacity.ts';
import type { StoredPoolRow } from './capacity-store.ts';
import { catchUpLanes } from './catch-up-line.ts';
import { createLedger, type DeploymentLedger, enterBooking } from './deployment-ledger.ts';
import { decodeLedger, encodeLedger } from './deployment-row.ts';
import { isRowFull } from './line-bound.ts';
import { decodeLine, encodeLine, type RowSums } from './line-row.ts';
import { type PoolLimits, unknownTeam } from './pool-limits.ts';
import { createPoolLine, createPoolState, type PoolLine, type PoolState, type Reservation } from './pool-state.ts';
import { checksumOf } from './row-seal.ts';
import { decodeTeamRing, encodeTeamRing } from './team-row.ts';
import { chargeRing, createRing, deploymentRing, type TokenRing, teamRing } from './token-ring.ts';

/** The line's row is part of every commit: whoever read an older one loses. */
export const lineKey = 'line';
const deploymentPrefix = 'deployment|';
const teamPrefix = 'team|';

/** The team whose own ring a row holds; null for every other row. */
export function teamOfRow(key: string): string | null {
  return key.startsWith(teamPrefix) ? key.slice(teamPrefix.length) : null;
}

/** The deployment whose ledger a row holds; null for every other row. */
export function deploymentOfRow(key: string): string | null {
  return key.startsWith(deploymentPrefix) ? key.slice(deploymentPrefix.length) : null;
}

/** A pool's deployments and teams as text by key: every row but the line's. */
export function encodeRings(state: PoolState): Map<string, string> {
  const rows = new Map<string, string>();
  for (const [name, ledger] of state.deployments) rows.set(deploymentPrefix + name, encodeLedger(ledger));
  for (const [name, ring] of state.teams) rows.set(teamPrefix + name, encodeTeamRing(ring));
  return rows;
}

/** A pool's rows as text by key, all of them as they are now. */
export function encodePool(state: PoolState): Map<string, string> {
  const rings = encodeRings(state);
  const sums = Object.fromEntries([...rings].map(([key, text]) => [key, checksumOf(text)]));
  return new Map([[lineKey, encodeLine(state.line, sums)], ...rings]);
}

/** A pool as read. */
export interface DecodedPool {
  readonly state: PoolState;
  /** Keys of rows that were damaged or are gone and are rebuilt from safe assumptions. */
  readonly damaged: readonly string[];
  /** Checksums of the rows as they should be: a damaged one differs from it until it is written anew. */
  readonly sums: RowSums;
  /** Whether the line's row takes in no further teams. */
  readonly isLineFull: boolean;
}

/**
 * What a pool is read with; `lastLine` is the line as this process last saw it, null when it has not seen the pool in use, and
 * `lastDeployments` what it saw beside it.
 */
export interface DecodeContext {
  readonly limits: PoolLimits;
  readonly nowMs: number;
  readonly lastLine: PoolLine | null;
  readonly lastDeployments?: ReadonlyMap<string, DeploymentLedger>;
}

/**
 * Reads a pool's rows. A row is damaged when it cannot be read, is not what its writer sealed, or is not what the line says it last
 * was; a row that the line knows and that is gone is damaged too. A damaged deployment's window is assumed full, so that it takes no
 * call for a minute and as long as bookings reach ahead; a damaged team likewise. A damaged line goes on from where this process last saw it, less what was booked since, without its held send times,
 * which may have been handed out since; a process that never saw it begins anew and takes old tickets in as they come.
 */
export function decodePool(rows: readonly StoredPoolRow[], context: DecodeContext): DecodedPool {
  const { limits, nowMs, lastLine } = context;
  const state = createPoolState();
  const damaged = new Set<string>();
  const sums: Record<string, string> = {};
  const lineRow = rows.find(({ key }) => key === lineKey);
  const read = lineRow === undefined ? null : decodeLine(lineRow.text);
  const isLineLost = read === null && (rows.length > 0 || lastLine !== null);
  if (isLineLost) damaged.add(lineKey);
  Object.assign(
    state.line,
    read?.line ?? { ...createPoolLine(), lanes: (lastLine ?? state.line).lanes, teams: (lastLine ?? state.line).teams },
  );
  const known = read?.sums ?? null;
  const decode = (key: string, text: string | null) => {
    const sum = text === null ? null : checksumOf(text);
    const isAsWritten = text !== null && (known === null || known[key] === sum);
    const expected = isAsWritten ? sum : (known?.[key] ?? sum);
    if (expected !== null && key !== lineKey) sums[key] = expected;
    const name = deploymentOfRow(key);
    const team = teamOfRow(key);
    if (name !== null) {
      const ledger = isAsWritten ? decodeLedger(text, nowMs) : null;
      if (ledger === null) damaged.add(key);
      state.deployments.set(name, ledger ?? assumeFull(name, context, state.line.reservations));
    } else if (team !== null) {
      const ring = isAsWritten ? decodeTeamRing(text) : null;
      if (ring === null) damaged.add(key);
      state.teams.set(team, ring ?? assumeUsedUp(team, context, state.line.reservations));
    }
  };
  for (const { key, text } of rows) decode(key, text);
  // Without a line nobody knows which deployments were in use: those without a row may have lost it with the line.
  const expected = isLineLost
    ? limits.deployments.map(({ name }) => deploymentPrefix + name)
    : Object.keys(known ?? {});
  const present = new Set(rows.map(({ key }) => key));
  for (const key of expected) if (!present.has(key)) decode(key, null);
  if (isLineLost && lastLine !== null && context.lastDeployments !== undefined) {
    const sound = [...state.deployments].filter(([name]) => !damaged.has(deploymentPrefix + name));
    const since = { now: new Map(sound), before: context.lastDeployments };
    Object.assign(state.line, { lanes: catchUpLanes(lastLine, since, limits) });
  }
  return { state, damaged: [...damaged], sums, isLineFull: isRowFull(lineRow?.text ?? '') };
}

/** Bookings that are handed out and not sent yet are unknown too: a minute that is full at the last of them covers them all. */
const OUTSTANDING_MS = farthestBookingMs + mostSendDelayMs;

function assumeFull(name: string, { limits, nowMs }: DecodeContext, held: readonly Reservation[]): DeploymentLedger {
  const ledger = createLedger();
  // Without tokens nothing is sent, so that the slices of requests need not be filled.
  const tokens = limits.deployments.find((deployment) => deployment.name === name)?.tokensPerMinute ?? 0;
  chargeRing(deploymentRing, ledger.ring, { tokens, requests: 0 }, nowMs + OUTSTANDING_MS);
  // What the line still holds will be handed out, after that minute perhaps.
  for (const place of held) if (place.deployment === name) enterBooking(ledger, place);
  return ledger;
}

function assumeUsedUp(team: string, { limits, nowMs }: DecodeContext, held: readonly Reservation[]): TokenRing {
  const ring = createRing();
  // A team may be limited in requests alone.
  const { tokensPerMinute, requestsPerMinute } = limits.teams.get(team) ?? unknownTeam;
  const all = { tokens: tokensPerMinute ?? 0, requests: requestsPerMinute ?? 0 };
  chargeRing(teamRing, ring, all, nowMs + OUTSTANDING_MS);
  for (const { team: holder, tokens, sendAtMs } of held) {
    if (holder === team) chargeRing(teamRing, ring, { tokens, requests: 1 }, sendAtMs);
  }
  return ring;
}
