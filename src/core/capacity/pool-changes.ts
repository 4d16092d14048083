import type { PoolRowChange, StoredPoolRow } from './capacity-store.ts';
import type { BatchDecision } from './decide-bookings.ts';
import { encodeLine } from './line-row.ts';
import { type DecodedPool, encodeRings, lineKey, teamOfRow } from './pool-rows.ts';
import { checksumOf } from './row-seal.ts';

/**
 * Rows that are not as they were read, damaged ones included, and always the line, first: it is what every commit is serialized on,
 * and it holds the checksums of all others.
 */
export function changesOf(
  rows: readonly StoredPoolRow[],
  read: Pick<DecodedPool, 'damaged' | 'sums'>,
  decision: Pick<BatchDecision, 'state' | 'touchedTeams'>,
): PoolRowChange[] {
  const before = new Map(rows.map((row) => [row.key, row]));
  const sums: Record<string, string> = { ...read.sums };
  delete sums[lineKey];
  const changes: PoolRowChange[] = [];
  const write = (key: string, text: string) => changes.push({ key, text, version: before.get(key)?.version ?? null });
  for (const [key, text] of encodeRings(decision.state)) {
    const team = teamOfRow(key);
    // A ring that only grew older is written when something else happens to it.
    const isLeft = team !== null && !decision.touchedTeams.has(team) && !read.damaged.includes(key);
    if (isLeft || before.get(key)?.text === text) continue;
    sums[key] = checksumOf(text);
    write(key, text);
  }
  const line = {
    key: lineKey,
    text: encodeLine(decision.state.line, sums),
    version: before.get(lineKey)?.version ?? null,
  };
  return [line, ...changes];
}
