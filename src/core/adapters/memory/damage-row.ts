import { freezeDeep, type MemoryState, openTeam, type RowKind } from './memory-state.ts';

/** What a hand from outside does to a row. */
export type Damage = 'delete' | 'damage';

/** Deletes a row, or makes it unreadable under a new version, as somebody would who edits the table by hand. Nothing happens when it is absent. */
export function damageRow(state: MemoryState, team: string, row: { kind: RowKind; key: string }, how: Damage): void {
  const rows = openTeam(state, team);
  const { kind, key } = row;
  const map = { job: rows.jobs, idem: rows.idempotencyKeys, live: rows.live, budget: rows.budgets, usage: rows.usage }[
    kind
  ];
  if (!map.has(key)) return;
  rows.damaged.delete(`${kind}|${key}`);
  if (how === 'delete') {
    map.delete(key);
    return;
  }
  rows.damaged.add(`${kind}|${key}`);
  state.writes += 1;
  const version = `v${state.writes}`;
  const [job, live, budget] = [rows.jobs.get(key), rows.live.get(key), rows.budgets.get(key)];
  if (kind === 'job' && job !== undefined) rows.jobs.set(key, freezeDeep({ ...job }));
  if (kind === 'live' && live !== undefined) rows.live.set(key, freezeDeep({ ...live, version }));
  if (kind === 'budget' && budget !== undefined) rows.budgets.set(key, freezeDeep({ ...budget, version }));
}
