import { mostRowsPerCommit, type PoolRowChange, type StoredPoolRow } from './capacity-store.ts';
import type { BatchDecision } from './decide-bookings.ts';
import { encodePool, lineKey, teamPrefix } from './pool-rows.ts';

/** Rows whose text changed, and always the line: it is what every commit is serialized on. */
export function changesOf(rows: readonly StoredPoolRow[], decision: BatchDecision): PoolRowChange[] {
  const read = new Map(rows.map((row) => [row.key, row]));
  const changes: PoolRowChange[] = [];
  for (const [key, text] of encodePool(decision.state)) {
    const before = read.get(key);
    if (key.startsWith(teamPrefix) && !decision.touchedTeams.has(key.slice(teamPrefix.length))) continue;
    if (key === lineKey || before?.text !== text) changes.push({ key, text, version: before?.version ?? null });
  }
  return changes.slice(0, mostRowsPerCommit);
}
