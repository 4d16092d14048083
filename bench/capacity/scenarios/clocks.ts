import { type BenchCase, inVirtualTime } from '../bench-case.ts';
import { type Scenario, scenario } from '../scenario.ts';
import { backlog, calls, isFull, keepsLimits } from './shared.ts';

function wrong(name: string, about: string, over: Partial<Scenario>): BenchCase {
  return inVirtualTime({
    part: 'Bad input',
    about,
    seeds: 3,
    scenario: scenario(name, { streams: [backlog, calls], ...over }),
    check: keepsLimits,
  });
}

/** Clocks further apart than promised: only that nothing goes over a limit must hold. */
export const clocks: readonly BenchCase[] = [
  wrong('clocks-5s', 'clocks up to 5 s apart', { skewMs: 5000 }),
  wrong('clock-5s-fast', 'one of eight clocks is 5 s ahead', { wrongClocksMs: [5000] }),
  wrong('clock-5s-slow', 'one of eight clocks is 5 s behind', { wrongClocksMs: [-5000] }),
  wrong('clock-jumps-back', "one machine's clock jumps back by 5 s, later all of them by 2 s", {
    incidents: [
      { atS: 120, kind: 'clocks-jump', count: 1, byMs: -5000 },
      { atS: 240, kind: 'clocks-jump', count: 8, byMs: -2000 },
    ],
  }),
  wrong('clock-jumps-ahead', "one machine's clock jumps ahead by 5 s and back by a minute", {
    incidents: [
      { atS: 120, kind: 'clocks-jump', count: 1, byMs: 5000 },
      { atS: 240, kind: 'clocks-jump', count: 1, byMs: -60_000 },
    ],
  }),
];

/** Rows that somebody changed by hand. */
export const damagedRows: readonly BenchCase[] = ['deployment|region-1', 'line'].map((key) =>
  inVirtualTime({
    part: 'Bad input',
    about: `row ${key} of the ledger damaged by hand at 90 s: assumed full, reported, and all of the quota again from 180 s on`,
    seeds: 3,
    scenario: scenario(`damaged-${key.replace('|', '-')}`, {
      seconds: 420,
      warmUpS: 180,
      streams: [backlog, calls],
      incidents: [{ atS: 90, kind: 'damage-row', key }],
    }),
    check: (figures) => [
      ...isFull(figures),
      {
        figure: 'reports of it',
        value: figures.notices['capacity_row_damaged'] ?? 0,
        is: 'at least',
        goal: 1,
        instead: null,
      },
    ],
  }),
);
