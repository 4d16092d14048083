import { byName } from './by-name.ts';
import type { LaneLine } from './lane-line.ts';
import { createPoolLine, type PoolLine, type Reservation } from './pool-state.ts';
import { isFigure, isTexts, parseObject, readObject } from './read-fields.ts';
import { decodeRing, encodeRing } from './ring-text.ts';
import { isSealSound, sealRow } from './row-seal.ts';
import { decodeTeamLines, encodeTeamLines } from './team-line-row.ts';

/** Checksums of the pool's other rows by key: what each of them last was. */
export type RowSums = Readonly<Record<string, string>>;

/** A line as read; `sums` is null in a row that an older build wrote. */
export interface DecodedLine {
  readonly line: PoolLine;
  readonly sums: RowSums | null;
}

/** The line's row as sealed text. It is part of every commit and so always knows what the other rows are. */
export function encodeLine(line: PoolLine, sums: RowSums): string {
  const { interactive, standard, bulk } = line.lanes;
  const lanes = { interactive: encodeLane(interactive), standard: encodeLane(standard), bulk: encodeLane(bulk) };
  const teams = encodeTeamLines(line.teams);
  const commits = line.commits.join(' ');
  return sealRow(JSON.stringify({ lanes, reservations: line.reservations, teams, commits, sums }));
}

function encodeLane(lane: LaneLine): object {
  return { ...lane, used: encodeRing(lane.used) };
}

/** The line of a row; null when the row is damaged. */
export function decodeLine(text: string): DecodedLine | null {
  const row = isSealSound(text) ? parseObject(text) : null;
  const lanes = row === null ? null : readObject(row['lanes']);
  const reservations = row === null ? null : row['reservations'];
  if (row === null || lanes === null || !Array.isArray(reservations) || !reservations.every(isReservation)) return null;
  const line = createPoolLine();
  for (const name of ['interactive', 'standard', 'bulk'] as const) {
    const lane = decodeLane(lanes[name]);
    if (lane === null) return null;
    line.lanes[name] = lane;
  }
  line.reservations = reservations;
  // Absent in rows of older builds: places that a line does not know are taken in as they come.
  const teams = decodeTeamLines(row['teams'] ?? {});
  if (teams === null) return null;
  line.teams = teams;
  line.commits = String(row['commits'] ?? '')
    .split(' ')
    .filter((id) => id !== '');
  if (row['sums'] === undefined) return { line, sums: null };
  const sums = readObject(row['sums']);
  return sums === null || !isTexts(sums) ? null : { line, sums };
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
  const lane = { finishes: byName(Object.entries(finishes)), dead: byName(Object.entries(dead)) };
  return { virtual, credit, skipped, meanCost, used, ...lane };
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
