import { mostRowsPerCommit, type PoolRowChange, type StoredPoolRow } from './capacity-store.ts';
import type { BatchDecision } from './decide-bookings.ts';
import { encodeLine } from './line-row.ts';
import { type DecodedPool, encodeRings, lineKey, teamOfRow } from './pool-rows.ts';
import { checksumOf } from './row-seal.ts';

/**
 * Rows that are not as they were read, and always the line, first: it is what every commit is serialized on, and it holds the
 * checksums of all others. Damaged rows of teams that nothing happened to are written as far as there is room; the others stay damaged
 * until the next commit.
 */
export function changesOf(
  rows: readonly StoredPoolRow[],
  read: Pick<DecodedPool, 'damaged' | 'sums'>,
  decision: Pick<BatchDecision, 'state' | 'touchedTeams'>,
): PoolRowChange[] {
  const before = new Map(rows.map((row) => [row.key, row]));
  const versionOf = (key: string) => before.get(key)?.version ?? null;
  const due: PoolRowChange[] = [];
  const mended: PoolRowChange[] = [];
  for (const [key, text] of encodeRings(decision.state)) {
    const team = teamOfRow(key);
    const change = { key, text, version: versionOf(key) };
    // A ring that only grew older is written when something else happens to it.
    if (team === null || decision.touchedTeams.has(team)) {
      if (before.get(key)?.text !== text) due.push(change);
    } else if (read.damaged.includes(key)) mended.push(change);
  }
  const changes = [...due, ...mended.slice(0, Math.max(0, mostRowsPerCommit - 1 - due.length))];
  const sums = { ...read.sums, ...Object.fromEntries(changes.map(({ key, text }) => [key, checksumOf(text)])) };
  return [{ key: lineKey, text: encodeLine(decision.state.line, sums), version: versionOf(lineKey) }, ...changes];
}
