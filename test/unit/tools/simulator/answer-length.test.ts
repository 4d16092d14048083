import { describe, expect, it } from 'vitest';
import { drawTokens, readAskedTokens } from '../../../../tools/simulator/answer-length.ts';
import { createRandom } from '../../../../tools/simulator/seeded-random.ts';

describe('the length a prompt asks for', () => {
  it.each([
    ['Summarise this in 50 words.', 68],
    ['Answer in about 2,000 tokens', 2000],
    ['Schreibe etwa 100 Wörter darüber', 135],
    ['en 40 mots', 54],
    ['a 200-word summary', 270],
    ['write 200 KB of text', 45_000],
    ['three things; then in 3 sentences', 66],
  ])('is read from "%s"', (prompt, tokens) => {
    expect(readAskedTokens(prompt)).toBe(tokens);
  });

  it.each(['Ticket 4711 was closed', 'version 2.5 tokens', 'call me at 030 1234', ''])(
    'is absent in "%s"',
    (prompt) => {
      expect(readAskedTokens(prompt)).toBeNull();
    },
  );
});

it('draws lengths around the median, never below 8 or above 16 times the median', () => {
  const random = createRandom(7);
  const drawn = Array.from({ length: 4001 }, () => drawTokens({ medianTokens: 180, sigma: 0.5 }, random)).sort(
    (one, other) => one - other,
  );
  expect(drawn[2000]).toBeGreaterThan(165);
  expect(drawn[2000]).toBeLessThan(196);
  expect(drawn[0]).toBeGreaterThanOrEqual(8);
  expect(drawn.at(-1)).toBeLessThanOrEqual(2880);
});
