import { describe, expect, it } from 'vitest';
import {
  findEarliestOpening,
  type Opening,
  retryAfterAllOutMs,
} from '../../../../src/core/routing/earliest-opening.ts';

const now = 1_000_000;
const view = (health: Opening['health'], inMs: number | null): Opening => ({
  health,
  nextProbeAtMs: inMs === null ? null : now + inMs,
});

describe('the earliest opening', () => {
  it.each<[string, readonly Opening[], number | null]>([
    ['one that takes calls', [view('ejected', 5000), view('healthy', null)], 0],
    ['the break that ends first', [view('ejected', 8000), view('ejected', 5000)], 5000],
    ['a cool-down', [view('cooling', 3000), view('ejected', 5000)], 3000],
    ['the lease of a probe that is out', [view('probing', 4000)], 4000],
    ['a break that is over', [view('ejected', -700)], 0],
    ['nobody, where all are paused', [view('paused', null), view('paused', 5000)], null],
    ['nobody, in an empty pool', [], null],
  ])('is that of %s', (_, views, inMs) => {
    expect(findEarliestOpening(views, now)).toBe(inMs === null ? null : now + inMs);
  });
});

describe('Retry-After when all are out', () => {
  it.each<[string, readonly Opening[], number]>([
    ['the earliest opening', [view('ejected', 8000), view('ejected', 5000)], 5000],
    ['a second at least', [view('ejected', 20)], 1000],
    ['a minute where all are paused', [view('paused', null)], 60_000],
  ])('is %s, and up to half a second more', (_, views, leastMs) => {
    expect([0, 0.5, 1].map((random) => retryAfterAllOutMs(views, now, random))).toEqual([
      leastMs,
      leastMs + 250,
      leastMs + 500,
    ]);
  });
});
