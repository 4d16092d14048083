import { expect, test } from 'vitest';
import { countWriters, extendTrail, fateOf, settleTries } from '../../../../src/core/capacity/commit-trail.ts';
import { forecastTurn } from '../../../../src/core/capacity/forecast-turn.ts';
import { ask, batch } from './sample-pool.ts';

const written = (processes: number, commits: number) =>
  Array.from({ length: commits }, (_, commit) => `${(commit % processes).toString(16).padStart(8, '0')}${commit}`);

test('the trail tells how many processes wrote its commits, and one before the first', () => {
  expect(countWriters([])).toBe(1);
  expect(countWriters(written(8, 40))).toBe(8);
  const gone = written(8, 40);
  expect(countWriters(written(1, 64).reduce((trail, id) => extendTrail(trail, id), gone))).toBe(1);
});

test('a commit without an answer may still happen while the one it was built on is the newest, and not after', () => {
  const name = { id: 'mine', baseId: 'base' };
  expect(fateOf(['older', 'base', 'mine', 'newer'], name)).toBe('applied');
  expect(fateOf(['older', 'base'], name)).toBe('open');
  expect(fateOf(['older', 'base', 'newer'], name)).toBe('never');
  expect(fateOf(['newer'], name)).toBe('unknown');
});

test('that holds for the first commit of a pool too, which was built on none', () => {
  const name = { id: 'mine', baseId: null };
  expect(fateOf(['mine', 'newer'], name)).toBe('applied');
  expect(fateOf([], name)).toBe('open');
  expect(fateOf(['theirs'], name)).toBe('never');
  expect(fateOf(written(2, 64), name)).toBe('unknown');
});

test('of several tries on the same rows at most one is still to be reckoned with', () => {
  const tries = [1, 2, 3].map((number) => ({ number, name: { id: `try${number}`, baseId: 'base' } }));
  expect(settleTries(tries, ['base'])).toEqual({ applied: null, open: tries });
  expect(settleTries(tries, ['base', 'try2'])).toEqual({ applied: tries[1], open: [] });
  expect(settleTries(tries, ['base', 'theirs'])).toEqual({ applied: null, open: [] });
});

test('a forecast tells it to the door', () => {
  const input = batch();
  input.state.line.commits.push(...written(3, 20));
  expect(forecastTurn(input, ask(100))?.processes).toBe(3);
});
