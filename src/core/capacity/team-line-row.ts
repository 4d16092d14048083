import { lanes } from '../jobs/job.ts';
import { byName } from './by-name.ts';
import { isFigure, readObject } from './read-fields.ts';
import { createTeamLine, type OwnLane, type TeamLine } from './team-line.ts';

/** Teams' own lines as a JSON value: the lanes that have work, each as what is served, what is issued and its dead stretches, and the pace. */
export function encodeTeamLines(teams: Readonly<Record<string, TeamLine>>): object {
  return Object.fromEntries(Object.entries(teams).map(([team, line]) => [team, encodeTeamLine(line)]));
}

function encodeTeamLine({ unit, lanes: byLane, pacedUntilMs, claimedUntilMs }: TeamLine): object {
  const used = lanes.filter((lane) => byLane[lane].issued > 0);
  return {
    unit,
    pacedUntilMs: Math.ceil(pacedUntilMs),
    claimedUntilMs: Math.ceil(claimedUntilMs),
    ...Object.fromEntries(used.map((lane) => [lane, encodeLane(byLane[lane])])),
  };
}

function encodeLane({ served, issued, dead }: OwnLane): (number | number[])[] {
  return [served, issued, ...dead];
}

/** The lines of a value; null when it is damaged. */
export function decodeTeamLines(value: unknown): Record<string, TeamLine> | null {
  const rows = readObject(value);
  if (rows === null) return null;
  const lines = byName<TeamLine>();
  for (const [team, row] of Object.entries(rows)) {
    const line = decodeTeamLine(row);
    if (line === null) return null;
    lines[team] = line;
  }
  return lines;
}

function decodeTeamLine(value: unknown): TeamLine | null {
  const row = readObject(value);
  const unit = row?.['unit'];
  const pacedUntilMs = row?.['pacedUntilMs'];
  // Absent in rows of older builds.
  const claimedUntilMs = row?.['claimedUntilMs'] ?? pacedUntilMs;
  if (row === null || (unit !== 'tokens' && unit !== 'requests') || !isFigure(pacedUntilMs)) return null;
  if (!isFigure(claimedUntilMs)) return null;
  const line = { ...createTeamLine(unit, claimedUntilMs), pacedUntilMs };
  for (const lane of lanes) {
    if (row[lane] === undefined) continue;
    const own = decodeLane(row[lane]);
    if (own === null) return null;
    line.lanes[lane] = own;
  }
  return line;
}

function decodeLane(value: unknown): OwnLane | null {
  if (!Array.isArray(value)) return null;
  const [served, issued, ...dead] = value as unknown[];
  if (!isFigure(served) || !isFigure(issued) || !dead.every(isStretch)) return null;
  return { served, issued, dead };
}

function isStretch(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 && value.every(isFigure);
}
