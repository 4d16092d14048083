import { expect, test } from 'vitest';
import { countWriters, extendTrail } from '../../../../src/core/capacity/commit-trail.ts';
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

test('a forecast tells it to the door', () => {
  const input = batch();
  input.state.line.commits.push(...written(3, 20));
  expect(forecastTurn(input, ask(100))?.processes).toBe(3);
});
