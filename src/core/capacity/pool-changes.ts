import { mostRowsPerCommit, type PoolRowChange, type StoredPoolRow } from './capacity-store.ts';
import type { BatchDecision } from './decide-bookings.ts';
import { encodeLine } from './line-row.ts';
import type { PoolLimits } from './pool-limits.ts';
import { type DecodedPool, deploymentOfRow, encodeRings, lineKey, teamOfRow } from './pool-rows.ts';
import { checksumOf } from './row-seal.ts';

/**
 * Rows that are not as they were read, and always the line, first: it is what every commit is serialized on, and it holds the
 * checksums of all others. Damaged rows that nothing happened to are written, and rows that the decision has forgotten are deleted, as
 * far as there is room; the others stay as they are until the next commit.
 */
export function changesOf(
  rows: readonly StoredPoolRow[],
  read: Pick<DecodedPool, 'damaged' | 'sums'>,
  decision: Pick<BatchDecision, 'state' | 'touchedTeams'>,
  { deployments }: Pick<PoolLimits, 'deployments'>,
): PoolRowChange[] {
  const before = new Map(rows.map((row) => [row.key, row]));
  const versionOf = (key: string) => before.get(key)?.version ?? null;
  const configured = new Set(deployments.map(({ name }) => name));
  const rings = encodeRings(decision.state);
  const due: Written[] = [];
  const mended: Written[] = [];
  for (const [key, text] of rings) {
    const [team, deployment] = [teamOfRow(key), deploymentOfRow(key)];
    const change = { key, text, version: versionOf(key) };
    // A ring that only grew older is written when something else happens to it, one that has left the configuration not at all.
    const isInUse = team === null ? configured.has(deployment ?? '') : decision.touchedTeams.has(team);
    if (isInUse) {
      if (before.get(key)?.text !== text) due.push(change);
    } else if (read.damaged.includes(key)) mended.push(change);
  }
  const room = () => Math.max(0, mostRowsPerCommit - 1 - due.length);
  due.push(...mended.slice(0, room()));
  const isForgotten = (key: string) => !rings.has(key) && (teamOfRow(key) ?? deploymentOfRow(key)) !== null;
  const deleted = rows
    .filter(({ key }) => isForgotten(key))
    .slice(0, room())
    .map(({ key, version }) => ({ key, text: null, version }));
  const changes = [...due, ...deleted];
  const written = due.map(({ key, text }) => [key, checksumOf(text)] as const);
  const gone = new Set(deleted.map(({ key }) => key));
  const sums = [...Object.entries(read.sums), ...written].filter(
    ([key]) => !gone.has(key) && (before.has(key) || rings.has(key)),
  );
  const line = encodeLine(decision.state.line, Object.fromEntries(sums));
  return [{ key: lineKey, text: line, version: versionOf(lineKey) }, ...changes];
}

interface Written extends PoolRowChange {
  readonly text: string;
}
