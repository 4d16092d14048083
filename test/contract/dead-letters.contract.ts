import { randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { DeadLetters } from '../../src/core/jobs/dead-letters.ts';

/** What every DeadLetters does. Other letters may be on record already, so tests compare counts before and after. */
export function describeDeadLetters(name: string, makeLetters: () => Promise<DeadLetters>): void {
  describe(`DeadLetters on ${name}`, () => {
    const noonMs = Date.UTC(2026, 10, 2, 12);
    const letter = (atMs: number) => ({ lane: 'bulk' as const, atMs, reason: 'not JSON', characters: 3 });

    it('takes a message that is delivered again for one letter', async () => {
      const letters = await makeLetters();
      const before = (await letters.countSince(noonMs)).bulk;
      const sha256 = randomUUID();
      await letters.record({ ...letter(noonMs), sha256 });
      await letters.record({ ...letter(noonMs + 90_000), sha256 });
      expect((await letters.countSince(noonMs)).bulk - before).toBe(1);
    });

    it('counts to the millisecond, by lane', async () => {
      const letters = await makeLetters();
      const sinceMs = noonMs + 1_000_000;
      const before = await letters.countSince(sinceMs);
      await letters.record({ ...letter(sinceMs - 1), sha256: randomUUID() });
      await letters.record({ ...letter(sinceMs), sha256: randomUUID() });
      const after = await letters.countSince(sinceMs);
      expect([after.bulk - before.bulk, after.standard - before.standard]).toEqual([1, 0]);
    });
  });
}
