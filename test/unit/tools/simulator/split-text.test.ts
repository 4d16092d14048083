import fc from 'fast-check';
import { expect, it } from 'vitest';
import { splitText } from '../../../../tools/simulator/split-text.ts';

it('loses nothing, never splits a character and counts every token once the text is out', () => {
  const texts = fc.string({ minLength: 1, maxLength: 300, unit: 'grapheme' });
  fc.assert(
    fc.property(texts, fc.integer({ min: 1, max: 500 }), fc.integer({ min: 1, max: 60 }), (text, tokens, pieces) => {
      const split = splitText(text, tokens, pieces);
      expect(split.map((piece) => piece.text).join('')).toBe(text);
      expect(split.every((piece) => piece.text.isWellFormed() && piece.text !== '')).toBe(true);
      expect(split.at(-1)?.tokensSoFar).toBe(tokens);
      expect(split.length).toBeLessThanOrEqual(Math.max(1, pieces));
    }),
  );
});

it('splits between words where there are any', () => {
  const split = splitText('The quick brown fox jumps over the lazy dog again and again', 13, 6);
  expect(split.length).toBeGreaterThan(3);
  for (const piece of split.slice(1)) expect(piece.text).toMatch(/^\s/u);
});
