import type { Draws } from '../../bench/capacity/seeded.ts';
import { damageRow } from '../../src/core/adapters/memory/damage-row.ts';
import { openTeam, type RowKind } from '../../src/core/adapters/memory/memory-state.ts';
import type { World } from './world.ts';

/**
 * Somebody who deletes and damages rows and blobs by hand. Which jobs were touched is remembered: of those less can be promised. Usage
 * rows are left alone: they are the accounts, and nothing else could tell what they said.
 */
export class Hand {
  /** Jobs of which a row or blob was touched. */
  readonly touched = new Set<string>();
  /** Jobs of which nothing was left at some moment: no row of theirs need ever come back. */
  readonly wipedOut = new Set<string>();
  /** Budget rows that were deleted, by team. */
  readonly lostBudgets = new Map<string, Set<string>>();
  readonly #world: () => World;

  constructor(world: () => World) {
    this.#world = world;
  }

  /** Touches one thing at random, if there is one. */
  strike(draws: Draws): void {
    const { state, trace } = this.#world();
    const teams = [...state.teams.keys()];
    const team = teams[Math.floor(draws.next() * teams.length)];
    const chance = draws.next();
    if (team === undefined) return;
    if (chance < 0.1) {
      this.#loseBlob(draws);
      return;
    }
    const kinds = ['job', 'live', 'live', 'idem', 'budget'] as const;
    const kind: RowKind = kinds[Math.floor(draws.next() * kinds.length)] ?? 'live';
    const rows = openTeam(state, team);
    const map = {
      job: rows.jobs,
      idem: rows.idempotencyKeys,
      live: rows.live,
      budget: rows.budgets,
      usage: rows.usage,
    }[kind];
    const keys = [...map.keys()].sort();
    const key = keys[Math.floor(draws.next() * keys.length)];
    const how = draws.next() < 0.5 ? 'delete' : 'damage';
    if (key === undefined) return;
    trace.count(how === 'delete' ? 'row deleted by hand' : 'row damaged by hand', `${team} ${kind}|${key}`);
    const owner = kind === 'idem' ? rows.idempotencyKeys.get(key) : key;
    if (kind === 'budget' && how === 'delete')
      this.lostBudgets.set(team, (this.lostBudgets.get(team) ?? new Set()).add(key));
    if (kind !== 'budget' && owner !== undefined) this.touched.add(owner);
    damageRow(state, team, { kind, key }, how);
    if (owner !== undefined && !rows.jobs.has(owner) && !rows.live.has(owner)) this.wipedOut.add(owner);
  }

  #loseBlob(draws: Draws): void {
    const { state, trace } = this.#world();
    const names = [...state.blobs.keys()].sort();
    const name = names[Math.floor(draws.next() * names.length)];
    const owner = name?.split('/')[1];
    if (name === undefined || owner === undefined) return;
    trace.count('blob deleted by hand', name);
    this.touched.add(owner);
    state.blobs.delete(name);
  }
}
